#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only
# Makes PCAP-NG files that hone-relayread did not make.
#   pcapng.pl swap FILE OUT	a file of the reader's in the other byte order
#   pcapng.pl foreign OUT	one of several sections, interfaces and blocks
#   pcapng.pl link TYPE OUT	a packet on an interface of that link type
#   pcapng.pl trailer OUT	packets that their link has made longer
#   pcapng.pl unnamed OUT	a packet of a process of which only a name is told
#   pcapng.pl first OUT		as the first Hone wrote, without images
#   pcapng.pl backwards OUT	packets whose time runs backwards
use strict;
use warnings;

my ($verb, @args) = @ARGV;

sub spew {
	my ($path, $bytes) = @_;

	open(my $out, '>:raw', $path) or die "pcapng: opening: $path: $!\n";
	print $out $bytes;
	close $out or die "pcapng: writing: $path: $!\n";
}

sub slurp {
	open(my $in, '<:raw', $_[0]) or die "pcapng: opening: $_[0]: $!\n";
	local $/;
	return <$in>;
}

sub padded {
	return $_[0] . "\0" x (-length($_[0]) & 3);
}

# Widths of the numbers that bodies begin with, and those that options have.
my %body = (
	0x0a0d0d0a => '4228', 1 => '224', 5 => '444', 6 => '44444',
	0x101 => '444', 0x102 => '4444', 0x80000001 => '4',
);
my %option = (
	0x0a0d0d0a => {}, 1 => {}, 0x80000001 => {},
	5 => { 2 => '44', 3 => '44', map { $_ => '8' } 4 .. 8, 257 .. 264 },
	6 => { 2 => '4', 4 => '8', 8 => '44',
	       map { $_ => '4' } 257, 258, 0x8001, 0x8005 },
	0x101 => { 0x8101 => '8', 0x8102 => '8', 0x810d => '8', 0x8112 => '8',
		   map { $_ => '4' } 2, 5 .. 7, 0x8103, 0x8104, 0x8106,
			0x8109 .. 0x810c, 0x810f .. 0x8111 },
	0x102 => { 2 => '4', 0x8104 => '44', 0x8106 => '4',
		   map { $_ => '8' } 0x8101 .. 0x8103, 0x8105 },
);

# The numbers at the beginning of some bytes, the other way round.
sub swapped {
	my ($bytes, $widths) = @_;
	my ($new, $at) = ('', 0);

	for my $width (split //, $widths) {
		$new .= reverse substr($bytes, $at, $width);
		$at += $width;
	}
	return $new . substr($bytes, $at);
}

sub swap_options {
	my ($type, $bytes) = @_;
	my $new = '';

	while (length $bytes >= 4) {
		my ($code, $len) = unpack('SS', $bytes);
		my $value = substr($bytes, 4, $len);

		$new .= swapped(substr($bytes, 0, 4), '22') .
			padded(swapped($value, $option{$type}{$code} // ''));
		substr($bytes, 0, 4 + ($len + 3 & ~3), '');
	}
	return $new;
}

sub swap_file {
	my ($data) = @_;
	my ($new, $at) = ('', 0);

	while ($at < length $data) {
		my ($type, $len) = unpack('LL', substr($data, $at, 8));
		my $bytes = substr($data, $at + 8, $len - 12);
		my $fixed = eval join '+', split //, $body{$type};

		$fixed += unpack('L', substr($bytes, 12, 4)) + 3 & ~3
			if $type == 6;
		$new .= swapped(substr($data, $at, 8), '44') .
			swapped(substr($bytes, 0, $fixed), $body{$type}) .
			swap_options($type, substr($bytes, $fixed)) .
			reverse substr($data, $at + $len - 4, 4);
		$at += $len;
	}
	return $new;
}

# Blocks in an order of bytes: '<' or '>'.
my $order = '<';

sub block {
	my ($type, $bytes) = @_;
	my $len = 12 + length padded($bytes);

	return pack("L${order}2", $type, $len) . padded($bytes) .
	       pack("L$order", $len);
}

sub option {
	my ($code, $value) = @_;

	return pack("S${order}2", $code, length $value) . padded($value);
}

sub section {
	return block(0x0a0d0d0a, pack("L${order}S${order}2q$order", 0x1a2b3c4d,
				      1, 0, -1) . join '', @_);
}

sub interface {
	my ($type, $snaplen, @options) = @_;

	return block(1, pack("S${order}2L$order", $type, 0, $snaplen) .
			join '', @options);
}

sub epb {
	my ($if, $time, $data, @options) = @_;

	return block(6, pack("L${order}5", $if, $time >> 32, $time & 0xffffffff,
			     length $data, length $data) . padded($data) .
			join '', @options);
}

sub udp4 {
	my ($from, $to, $payload) = @_;

	return pack('CCnnnCCn', 0x45, 0, 28 + length $payload, 0, 0, 64, 17, 0) .
	       pack('C8', 10, 0, 0, 1, 10, 0, 0, 2) .
	       pack('n4', $from, $to, 8 + length $payload, 0) . $payload;
}

sub udp6 {
	my ($from, $to, $payload) = @_;

	return pack('NnCC', 0x60000000, 8 + length $payload, 17, 64) .
	       pack('x15 C x15 C', 1, 1) .
	       pack('n4', $from, $to, 8 + length $payload, 0) . $payload;
}

my $mac = "\2\0\0\0\0\1\2\0\0\0\0\2";
my $usec = 1700000000 * 1000000;

sub foreign {
	my $out = section(option(1, 'made by a test'), option(4, 'test'),
			  option(0, ''));

	$out .= interface(1, 65535, option(2, 'eth0'), option(0, ''));
	# A resolution of 2^-20 seconds, and a second later than it says.
	$out .= interface(101, 0, option(2, 'tun0'), option(9, "\x94"),
			  option(14, pack('q<', 1)));
	$out .= block(0x0bad0001, 'nobody knows this') . block(4, pack('L', 0));
	$out .= epb(0, $usec, $mac . "\x08\0" . udp4(1, 2, 'one'),
		    option(2, pack('L<', 2)), option(0x7fff, 'unknown'));
	$out .= epb(0, $usec + 1, $mac . "\x08\x06" . "\0" x 28);
	$out .= epb(0, $usec + 2,
		    "$mac\x81\0\0\x05\x86\xdd" . udp6(3, 4, 'two'),
		    option(8, pack('LL<', 77, 78)));
	$out .= block(2, pack('S<2L<4', 1, 5, (1700000001 << 20) >> 32,
			      (1700000001 << 20) & 0xffffffff, 33, 33) .
			 padded(udp4(5, 6, 'three')));
	$out .= block(3, pack('L<', 47) . $mac . "\x08\0" .
			 udp4(7, 8, 'four') . "\0");
	$order = '>';
	$out .= section() . interface(113, 65535);
	$out .= epb(0, $usec + 3000000,
		    pack('nnnx8n', 4, 1, 6, 0x800) . udp4(9, 10, 'five'));
	return $out;
}

sub link_type {
	my ($type) = @_;
	my %head = (0 => "\x02\0\0\0", 1 => "$mac\x08\0", 101 => '',
		    108 => "\0\0\0\x02",
		    113 => pack('nnnx8n', 0, 1, 6, 0x800), 228 => '',
		    276 => pack('nnNnCCx8', 0x800, 0, 7, 1, 0, 6));

	return section() . interface($type, 0) .
	       epb(0, $usec, ($head{$type} // '') . udp4(1, 2, 'link'));
}

# An acknowledgment with nothing, and datagrams of both kinds, in 60 bytes.
sub trailer {
	my $tcp = pack('nnNNCCnnn', 1, 2, 5, 6, 0x50, 0x10, 500, 0, 0);
	my $ip = pack('CCnnnCCn', 0x45, 0, 40, 0, 0, 64, 6, 0) .
		 pack('C8', 10, 0, 0, 1, 10, 0, 0, 2);

	return section() . interface(1, 0) .
	       epb(0, $usec, pack('a60', "$mac\x08\0$ip$tcp")) .
	       epb(0, $usec, pack('a60', "$mac\x08\0" . udp4(1, 2, 'four'))) .
	       epb(0, $usec, pack('a80', "$mac\x86\xdd" . udp6(3, 4, 'two')));
}

sub unnamed {
	return section() . interface(101, 0) .
	       epb(0, $usec, udp4(1, 2, 'one'),
		   option(1, 'PID=7 COMM=seven Q=owner'));
}

# Process 5 runs one program, then another; its connection and a packet of each.
sub first {
	my @time = ($usec >> 32, $usec & 0xffffffff);
	my $out = section(option(257, pack('L<', 1) . "\x0a" x 16)) .
		  interface(101, 0);

	$out .= block(0x101, pack('L<3', 5, @time) . option(3, '/bin/one') .
			     option(4, "one\0") . option(4, "-x\0") .
			     option(6, pack('L<', 1000)) . option(8, 'alice'));
	$out .= block(0x102, pack('L<4', 12, 5, @time));
	$out .= epb(0, $usec, udp4(1, 2, 'one'), option(257, pack('L<', 12)),
		    option(258, pack('L<', 5)), option(2, pack('L<', 2)));
	$out .= block(0x101, pack('L<3', 5, @time) . option(3, '/bin/two'));
	$out .= epb(0, $usec, udp4(1, 2, 'two'), option(257, pack('Q<', 12)),
		    option(258, pack('L<', 5)), option(2, pack('L<', 1)));
	$out .= block(0x101, pack('L<3', 5, @time) .
			     option(2, pack('L<', 0xffffffff)));
	return $out;
}

sub backwards {
	return section() . interface(101, 0) .
	       epb(0, $usec + 5, udp4(1, 2, 'late')) .
	       epb(0, $usec, udp4(1, 2, 'early'));
}

if ($verb eq 'swap') {
	spew($args[1], swap_file(slurp($args[0])));
} elsif ($verb eq 'foreign') {
	spew($args[0], foreign());
} elsif ($verb eq 'link') {
	spew($args[1], link_type($args[0]));
} elsif ($verb eq 'trailer') {
	spew($args[0], trailer());
} elsif ($verb eq 'unnamed') {
	spew($args[0], unnamed());
} elsif ($verb eq 'first') {
	spew($args[0], first());
} elsif ($verb eq 'backwards') {
	spew($args[0], backwards());
} else {
	die "pcapng: $verb: what is that?\n";
}
