#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only
# What the reader's lines for people say of the packets of a file, tcpdump says,
# but for whose they are, and for what applications say: that is names and
# requests of others, and tcpdump goes by the port.
#   same_lines.pl READER FILE [OPTION]...
use strict;
use warnings;

my ($reader, $file, @options) = @ARGV;
die "usage: same_lines.pl READER FILE [OPTION]...\n" unless defined $file;

sub lines {
	open(my $err, '>&', \*STDERR) or die;
	open(STDERR, '>', '/dev/null') or die;
	open(my $in, '-|', @_) or die "same_lines: $_[0]: $!\n";
	open(STDERR, '>&', $err) or die;
	# Those of SCTP may go on in others.
	my @lines = grep { !/^\t/ } <$in>;
	close $in or die "same_lines: $_[0] has failed\n";
	chomp @lines;
	return @lines;
}

my @ours = lines($reader, '-r', $file, '--print', @options);
my @theirs = lines('tcpdump', '-n', '-S', '-r', $file, @options);
my $bad = @ours != @theirs || !@ours;
print scalar @ours, ' lines, tcpdump has ', scalar @theirs, "\n" if $bad;

for my $i (0 .. $#ours) {
	my ($our, $their) = ($ours[$i], $theirs[$i] // '');

	for ($our) {
		s/ \S.* (In|Out) \S+ (IP6? )/ $2/;
		s/^\S.* (In|Out) \S+ (IP6? )/$2/;
		s/(^| )\? (IP6? )/$1$2/;
		s/ \(\d+ lost before\)$//;
		s/ also \S+\[.*//;
		s/unknown-30 0x[0-9a-f]+/mptcp/;
	}
	for ($their) {
		# Rare ones, which a line has as numbers.
		s/mptcp \d+ (?!capable|join|dss)[^],]*/mptcp/;
		s/ $//;
		s/:  (\[\||ip-proto-)/: $1/;
		s/(, length \d+)(:| [A-Z]+) .*/$1/;
	}
	if ($our =~ /^(.*: )UDP, length \d+$/ && $their !~ /: UDP, length/) {
		my $to = $1;

		next if substr($their, 0, length $to) eq $to;
	}
	# Nor of a packet that is longer than its header can say, which segments
	# that are still to be taken apart may be.
	next if $their =~ /(^| )IP bad-len 0$/ && $our =~ / length (\d+)$/ &&
		$1 > 65535 - 60 - 60;
	# It knows nothing of UDP-Lite.
	next if $our =~ /: udplite, / && $their =~ /: ip-proto-136 /;
	next if $our eq $their;
	print "< $their\n> $our\n";
	$bad = 1;
}
exit($bad ? 1 : 0);
