#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause
# Messages on standard input, each behind a line with its length; for each the word of Mail::DKIM on a line, and why.
# verify.pl KEY-RECORD: the text of the one key that there is.
use strict;
use warnings;
use Mail::DKIM::Verifier;
use Net::DNS;

my $record = shift;
{
    no warnings 'redefine';
    *Mail::DKIM::DNS::query = sub {
        return Net::DNS::RR->new(owner => $_[0], type => 'TXT', txtdata => [ $record =~ /.{1,200}/g ]);
    };
}
binmode STDIN;
$| = 1;
while (defined(my $line = <STDIN>)) {
    my $message = '';
    read(STDIN, $message, $line + 0) == $line or die "a message is cut off\n";
    my $verifier = Mail::DKIM::Verifier->new;
    $verifier->PRINT($message);
    $verifier->CLOSE;
    my ($ours) = grep { $_->domain eq 'example.com' } $verifier->signatures;
    print $ours ? $ours->result_detail : 'no signature of ours', "\n";
}
