#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only
# Feeds a stream to the reader and looks at its memory as it goes: that stays
# flat, and below a bound, however long the stream is.
#   memory.pl READER STEPS MB -- COMMAND...
# The command's output is the stream, of MB * 1000000 bytes or so: what is
# resident is told after each of as many steps, and is not to grow after the
# first quarter of them, when what ended first is forgotten.
use strict;
use warnings;

use constant BOUND => 128 << 10;	# in KiB
# What the allocator takes and has not given back.
use constant SLACK => 2 << 10;

my ($reader, $steps, $mb, $dashes, @command) = @ARGV;
die "usage: memory.pl READER STEPS MB -- COMMAND...\n"
	unless @command && $dashes eq '--' && $steps >= 4;

open(my $from, '-|:raw', @command) or die "memory: $command[0]: $!\n";
my $pid = open(my $to, '|-:raw', $reader, '-q', '-r', '-', '-o', '/dev/null')
	or die "memory: $reader: $!\n";

sub fail {
	print STDERR "memory: @_\n";
	exit 1;
}

sub memory {
	open(my $in, '<', "/proc/$pid/status") or die "memory: $pid: $!\n";
	my %is = map { /^(Vm\w+):\s*(\d+) kB/ ? ($1, $2) : () } <$in>;
	return @is{qw(VmRSS VmHWM)};
}

# All of it, or the reader has ended.
sub feed {
	my ($data) = @_;

	for (my $at = 0; $at < length $data;) {
		my $n = syswrite($to, $data, length($data) - $at, $at);
		die "memory: writing to the reader: $!\n" unless defined $n;
		$at += $n;
	}
}

my ($bytes, $step, $data, @rss) = (0, 0);
while (sysread($from, $data, 1 << 20)) {
	feed($data);
	$bytes += length $data;
	next if $bytes < ($step + 1) * $mb * 1e6 / $steps;
	$step++;
	push @rss, (memory())[0];
	printf "%8.0f MB: %d KiB\n", $bytes / 1e6, $rss[-1];
}
my (undef, $most) = memory();
close $from or fail("$command[0] has failed");
close $to or fail("the reader has ended with status $?");
fail("the stream has ended after $step steps") if $step < $steps;

my ($early) = @rss[int(@rss / 4)];
printf "at most %d KiB, from a quarter on %+d KiB\n", $most, $rss[-1] - $early;
fail('more than the bound') if $most > BOUND;
fail('it grows') if $rss[-1] > $early + SLACK;
