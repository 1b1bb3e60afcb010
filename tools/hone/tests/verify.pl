#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only
# Checks what every PCAP-NG file of hone-relayread promises; says what is
# broken and exits 1 if anything is.
#   verify.pl [--cut] [--foreign] FILE
# With --cut the file may end within a block; with --foreign its packets are of
# another program, which need not tell which way they go.
use strict;
use warnings;

my $cut = $ARGV[0] eq '--cut' && shift @ARGV;
my $own = !($ARGV[0] eq '--foreign' && shift @ARGV);
my ($file) = @ARGV;
open(my $in, '<:raw', $file) or die "verify: opening: $file: $!\n";
my $data = do { local $/; <$in> };
close $in;

my $broken = 0;
my ($at, $last, $indices, $tail) = (0, 0, 0, 0);
my (%pid, %conn, %types, %wireshark);

sub broken {
	print "block at $at: @_\n";
	$broken = 1;
}

# Options as code => [values].
sub options {
	my ($bytes) = @_;
	my (%o, $end);

	while (length $bytes >= 4) {
		my ($code, $len) = unpack('SS', $bytes);
		if (!$code) {
			$end = 1;
			last;
		}
		if (4 + $len > length $bytes) {
			broken("option $code reaches over the block");
			last;
		}
		push @{$o{$code}}, substr($bytes, 4, $len);
		substr($bytes, 0, 4 + ($len + 3 & ~3), '');
	}
	broken('options do not end') unless $end;
	return \%o;
}

sub number {
	my ($o, $code, $form, $len) = @_;

	return undef unless $o->{$code};
	my $value = $o->{$code}[0];
	broken("option $code has ", length $value, ' bytes')
		if length $value != $len;
	return unpack($form, $value);
}

sub time_is {
	my ($hi, $lo) = @_;
	my $time = $hi * 2 ** 32 + $lo;

	broken('time runs backwards') if $time < $last;
	$last = $time;
}

sub packet {
	my ($body) = @_;
	my (undef, $hi, $lo, $cap, $len) = unpack('L5', $body);
	my $o = options(substr($body, 20 + ($cap + 3 & ~3)));
	my $pid = number($o, 258, 'L', 4);
	my $conn = number($o, 257, 'L', 4);
	my $flags = number($o, 2, 'L', 4);
	my $index = number($o, 0x8001, 'L', 4);
	my $comment = ($o->{1} // [''])->[0];

	time_is($hi, $lo);
	broken('more captured than there is') if $cap > $len;
	broken('no direction') unless ($flags // 0) & 3 || !$own;
	broken("pid $pid is not described for Wireshark")
		if defined $pid && %wireshark && !$wireshark{$pid};
	broken("pid $pid is not described")
		if defined $pid && !$pid{$pid};
	broken("connection $conn is not described")
		if defined $conn && !$conn{$conn};
	broken("darwin index $index of $indices")
		if defined $index && $index >= $indices;
	if (defined $pid) {
		my ($p) = unpack('L', ($o->{8} // ['    '])->[0]);
		broken('option 8 is of another process') if $p != $pid;
		broken('option 8 is not 8 bytes') if length $o->{8}[0] != 8;
	}
	return unless $o->{1};
	broken('the comment is of another process')
		if defined $pid && $comment !~ /^PID=$pid( |$)/;
	broken('the comment is not UTF-8') unless utf8::decode($comment);
	broken("the comment is '$comment'")
		unless $comment =~ /^([A-Z]+=[^ ]+ )*Q=[a-z]+$/;
	for my $also (map { split /,/ } $comment =~ /ALSO=([0-9,]+)/) {
		broken("pid $also is not described") unless $pid{$also};
	}
}

while ($at < length $data) {
	if ($at + 12 > length $data) {
		broken('half a block') unless $cut;
		last;
	}
	my ($type, $len) = unpack('LL', substr($data, $at, 8));
	last if $cut && $at + $len > length $data;
	if ($len % 4 || $len < 12 || $at + $len > length $data ||
	    $len > 262144 ||
	    unpack('L', substr($data, $at + $len - 4, 4)) != $len) {
		broken("length $len");
		last;
	}
	my $body = substr($data, $at + 8, $len - 12);
	broken('does not begin with a section') if !$at && $type != 0x0a0d0d0a;
	broken('a second section or interface')
		if ($type == 1 || $type == 0x0a0d0d0a) && $types{$type}++;
	broken('something behind the statistics') if $tail;
	if ($type == 0x101) {
		my ($pid, $hi, $lo) = unpack('L3', $body);
		my $o = options(substr($body, 12));
		time_is($hi, $lo);
		broken('the end of a process that had no beginning')
			if number($o, 2, 'L', 4) == 0xffffffff && !$pid{$pid};
		$pid{$pid} = 1;
	} elsif ($type == 0x102) {
		my ($conn, $pid, $hi, $lo) = unpack('L4', $body);
		options(substr($body, 16));
		time_is($hi, $lo);
		broken("pid $pid is not described") if $pid && !$pid{$pid};
		$conn{$conn} = 1;
	} elsif ($type == 0x80000001) {
		my $o = options(substr($body, 4));
		broken('a darwin process without a name') unless $o->{2};
		$indices++;
	} elsif ($type == 0xbad) {
		my ($pen, $kind, $length, $pid) = unpack('LL<3', $body);
		broken("block of enterprise $pen, kind $kind")
			unless $pen == 32622 && $kind == 3;
		broken("process information of $length bytes")
			unless $length == length($body) - 12;
		broken('a process without a name')
			unless unpack('S<', substr($body, 16)) == 2;
		broken("pid $pid is not described") unless $pid{$pid};
		$wireshark{$pid} = 1;
	} elsif ($type == 6) {
		packet($body);
	} elsif ($type == 5) {
		my (undef, $hi, $lo) = unpack('L3', $body);
		options(substr($body, 12));
		time_is($hi, $lo);
		$tail = 1;
	}
	$at += $len;
}
broken('processes in two forms') if %wireshark && $indices;
exit $broken;
