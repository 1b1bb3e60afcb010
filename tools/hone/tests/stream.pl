#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only
# Does things to raw files of records.
#   stream.pl split FILE DIR	to DIR/events<cpu> and DIR/snapshot
#   stream.pl cut FILE LEN OUT	the first LEN bytes
#   stream.pl spoil FILE N OUT	with some bytes changed, differently for each N
use strict;
use warnings;

my ($verb, $file, @args) = @ARGV;

sub slurp {
	open(my $in, '<:raw', $_[0]) or die "stream: opening: $_[0]: $!\n";
	local $/;
	return <$in>;
}

sub spew {
	my ($path, $mode, $bytes) = @_;

	open(my $out, "$mode:raw", $path) or die "stream: opening: $path: $!\n";
	print $out $bytes;
	close $out or die "stream: writing: $path: $!\n";
}

my $data = slurp($file);

if ($verb eq 'split') {
	my ($dir) = @args;

	for (my $at = 0; $at < length $data;) {
		my ($len) = unpack('L', substr($data, $at, 4));
		my ($cpu) = unpack('L', substr($data, $at + 20, 4));

		spew($cpu == 0xffffffff ? "$dir/snapshot" : "$dir/events$cpu",
		     '>>', substr($data, $at, $len));
		$at += $len;
	}
} elsif ($verb eq 'cut') {
	spew($args[1], '>', substr($data, 0, $args[0]));
} elsif ($verb eq 'spoil') {
	my ($n, $out) = @args;

	# The same on every machine: rand() is not.
	my $x = $n * 2654435761 % 4294967296 || 1;
	for (0 .. $n % 4) {
		$x = ($x * 1103515245 + 12345) % 2147483648;
		my $at = 64 + int($x / 8) % (length($data) - 64);
		$x = ($x * 1103515245 + 12345) % 2147483648;
		substr($data, $at, 1) = chr(int($x / 65536) % 256);
	}
	spew($out, '>', $data);
} else {
	die "stream: $verb: what is that?\n";
}
