# SPDX-License-Identifier: BSD-2-Clause
"""Spam scanners: rspamd and SpamAssassin's spamd, each with a few rules of our own and no network. Both know GTUBE,
give "buy now" in the subject 3.5, and "score N" there N."""
import os
import re
import shutil

from .process import Process, ProcessServer, answers, free_port, wait_for

GTUBE = "XJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X"

# Without the languages and the list of public suffixes of the package, whose loading takes a minute on a slow machine.
RSPAMD_CONFIG = """options {
  tempdir = "@DIR@/run"; pidfile = "@DIR@/run/pid"; hs_cache_dir = "@DIR@/run/"; filters = ""; disable_hyperscan = true;
  dns { nameserver = ["127.0.0.1:@NODNS@"]; timeout = 0.2s; retransmits = 1; }
  url_tld = "@DIR@/suffixes"; gtube_patterns = "all"; local_addrs = []; classify_headers = [];
  control_socket = "@DIR@/run/control.sock mode=0600";
}
lang_detection { languages = "@DIR@/no-languages"; }
logging { type = "file"; filename = "@DIR@/run/log"; level = "info"; }
metric {
  name = "default";
  actions { reject = 15; add_header = 6; greylist = 4; }
  group "t" { symbol "T_BUY" { weight = 3.5; } symbol "T_SCORE" { weight = 1.0; } symbol "T_TOLD" { weight = 0.0; } }
}
worker "normal" { bind_socket = "127.0.0.1:@PORT@"; count = 1; task_timeout = 8s; }
lua = "@DIR@/rules.lua";
modules { path = "@DIR@/no-modules/"; }
"""
RSPAMD_RULES = """local logger = require "rspamd_logger"
local function subject(task) return (task:get_subject() or ''):lower() end
rspamd_config:register_symbol({ name = 'T_BUY', score = 3.5, group = 't',
  callback = function(task) if subject(task):find('buy now') then return true, 1.0 end end })
rspamd_config:register_symbol({ name = 'T_SCORE', score = 1.0, group = 't',
  callback = function(task)
    local n = subject(task):match('score (%-?[%d.]+)')
    if n then return true, tonumber(n) end
  end })
rspamd_config:register_symbol({ name = 'T_TOLD', score = 0.0, group = 't', callback = function(task)
  local from, to = task:get_from('smtp'), {}
  for _, one in ipairs(task:get_recipients('smtp') or {}) do to[#to + 1] = one.addr end
  logger.infox(task, 'told subject=%s user=%s ip=%s from=%s rcpt=%s qid=%s host=%s helo=%s size=%s.',
    task:get_subject(), task:get_user(), tostring(task:get_ip()), from and from[1] and from[1].addr or '-',
    table.concat(to, '+'), task:get_queue_id(), task:get_hostname(), task:get_helo(), task:get_size())
end })
"""
SPAMD_PLUGINS = """loadplugin Mail::SpamAssassin::Plugin::Check
loadplugin Mail::SpamAssassin::Plugin::HeaderEval
"""
SPAMD_SETTINGS = """required_score 5
skip_rbl_checks 1
dns_available no
"""
SPAMD_RULES = r"""body     GTUBE    /XJS\*C4JDBQADN1\.NSBN3\*2IDNEN\*GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL\*C\.34X/
score    GTUBE    1000
header   T_BUY    Subject =~ /buy now/i
score    T_BUY    3.5
header   T_GOOD   Subject =~ /score -1.5/i
score    T_GOOD   -1.5
"""


class _Scanner(ProcessServer):
    def __init__(self, name, port):
        super().__init__(name)
        self.port = port or free_port()

    def prepare(self, scenario, files):
        self.directory = os.path.join(scenario.directory, self.name)
        for name, text in files.items():
            path = os.path.join(self.directory, name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "w") as out:
                out.write(text.replace("@DIR@", self.directory).replace("@PORT@", str(self.port)))


class Rspamd(_Scanner):
    """One worker on `port` of 127.0.0.1. Needs root: it runs as _rspamd."""

    def __init__(self, name="rspamd", port=None):
        super().__init__(name, port)

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def start(self, scenario):
        self.prepare(scenario, {
            "rspamd.conf": RSPAMD_CONFIG.replace("@NODNS@", str(free_port())), "rules.lua": RSPAMD_RULES,
            "suffixes": "com\nnet\norg\nexample\ntest\n", "no-modules/.keep": "", "no-languages/stop_words": "",
                                "run/.keep": ""})
        shutil.chown(os.path.join(self.directory, "run"), "_rspamd", "_rspamd")
        self.process = Process(self.name, ["rspamd", "-f", "-u", "_rspamd", "-g", "_rspamd", "-c",
                                           f"{self.directory}/rspamd.conf"], scenario.directory)
        wait_for(lambda: answers(self.port), "rspamd to start", within=60, alive=self.process)

    def log(self):
        try:
            with open(os.path.join(self.directory, "run", "log"), errors="backslashreplace") as log:
                return log.read() + self.process.log()
        except FileNotFoundError:
            return self.process.log()

    def told(self, subject):
        """What it was told beside the message of that subject: {word: value}. The newest, once it is there."""
        pattern = re.compile(rf"told subject={re.escape(subject)} (.*)\.$", re.MULTILINE)
        found = wait_for(lambda: pattern.findall(self.log()), f"rspamd to see \"{subject}\"")
        return dict(word.split("=", 1) for word in found[-1].split(" "))


class Spamd(_Scanner):
    """On `port` of 127.0.0.1, with two children. Needs root: it runs as nobody."""

    def __init__(self, name="spamd", port=None):
        super().__init__(name, port)

    @property
    def socket(self):
        return f"inet:{self.port}@127.0.0.1"

    def start(self, scenario):
        self.prepare(scenario, {"site/init.pre": SPAMD_PLUGINS, "site/local.cf": SPAMD_SETTINGS,
                                "rules/10_test.cf": SPAMD_RULES, "home/.keep": ""})
        shutil.chown(os.path.join(self.directory, "home"), "nobody")
        self.process = Process(self.name, [
            "spamd", "-L", "-x", "-m", "2", "--siteconfigpath", f"{self.directory}/site",
            "--configpath", f"{self.directory}/rules", "-i", "127.0.0.1", "-p", self.port, "-u", "nobody",
            "-H", f"{self.directory}/home", "-r", f"{self.directory}/pid", "-s", "stderr"], scenario.directory)
        wait_for(lambda: "server started" in self.log(), "spamd to start", within=30, alive=self.process)
