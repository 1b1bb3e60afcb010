#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only
# Reads the blocks of a capture and checks what Hone promises of them; prints
# a line "ok NAME" or "not ok NAME" each, reasons to stderr.
#   demo-verify.pl FILE SENDERS PATH
# SENDERS processes of the program PATH each sent one datagram to port 7002
# with the payload "once PID wordN.".
use strict;
use warnings;

my ($file, $senders, $path) = @ARGV;
die "usage: demo-verify.pl FILE SENDERS PATH\n" unless defined $path;
open(my $in, '<:raw', $file) or die "demo-verify: opening: $file: $!\n";
my $data = do { local $/; <$in> };
close $in;

my $failed = 0;

sub verdict {
	my ($name, @wrong) = @_;

	if (@wrong) {
		my $more = @wrong > 5 ? @wrong - 5 : 0;
		print STDERR "$_\n" for @wrong[0 .. ($more ? 4 : $#wrong)];
		print STDERR "and $more more\n" if $more;
		$failed = 1;
	}
	print @wrong ? "not ok " : "ok ", $name, "\n";
}

# The options of a block's end, as a list of [code, value].
sub options {
	my ($bytes) = @_;
	my @list;

	while (length($bytes) >= 4) {
		my ($code, $len) = unpack('vv', $bytes);
		last if $code == 0;
		die "an option reaches over its block\n"
			if 4 + $len > length($bytes);
		push @list, [$code, substr($bytes, 4, $len)];
		substr($bytes, 0, 4 + ($len + 3 & ~3), '');
	}
	return @list;
}

sub option {
	my ($code, @list) = @_;

	return join '', map { $_->[1] } grep { $_->[0] == $code } @list;
}

# The whole IP packet's UDP payload to @port, or undef.
sub udp_payload {
	my ($packet, $port) = @_;

	return undef if length($packet) < 28 || ord($packet) >> 4 != 4;
	my $header = 4 * (ord($packet) & 15);
	return undef if ord(substr($packet, 9, 1)) != 17;
	return undef if unpack('n', substr($packet, $header + 2, 2)) != $port;
	return substr($packet, $header + 8);
}

my (%described, %once, @unknown, @backwards, @blocks, @nobody, @alien);
my ($pos, $last, $packets, $kernel) = (0, 0, 0, 0);

while ($pos < length $data) {
	if ($pos + 12 > length $data) {
		push @blocks, "half a block at $pos";
		last;
	}
	my ($type, $len) = unpack('VV', substr($data, $pos, 8));
	if ($len < 12 || $len % 4 || $pos + $len > length $data ||
	    unpack('V', substr($data, $pos + $len - 4, 4)) != $len) {
		push @blocks, sprintf('block 0x%x at %d: bad length %d',
				      $type, $pos, $len);
		last;
	}
	my $body = substr($data, $pos + 8, $len - 12);
	my $at = "block at $pos";
	$pos += $len;

	if ($type == 0x101) {
		my ($pid, $hi, $lo) = unpack('VVV', $body);
		my @o = options(substr($body, 12));
		my $event = option(2, @o);

		$event = $event eq '' ? 0 : unpack('V', $event);
		# An exec or a start tells more than the fork before it.
		my $known = $described{$pid};
		my ($p, $argv) = (option(3, @o), option(4, @o));
		s/\0+\z// for $p, $argv;
		if ($event == 0xffffffff) {
			$known->{ended} = 1 if $known;
		} else {
			$known = $described{$pid} = {} if !$known || $event == 1;
			$known->{path} = $p if $p ne '';
			$known->{argv} = $argv if $argv ne '';
		}
		my $time = $hi * 2 ** 32 + $lo;
		push @backwards, "$at: process $pid" if $time < $last;
		$last = $time if $time > $last;
	} elsif ($type == 0x102) {
		my ($conn, $pid, $hi, $lo) = unpack('VVVV', $body);

		push @unknown, "$at: connection $conn of pid $pid"
			if $pid && !$described{$pid};
		my $time = $hi * 2 ** 32 + $lo;
		push @backwards, "$at: connection $conn" if $time < $last;
		$last = $time if $time > $last;
	} elsif ($type == 6) {
		my (undef, $hi, $lo, $cap) = unpack('V4', $body);
		my $packet = substr($body, 20, $cap);
		my @o = options(substr($body, 20 + ($cap + 3 & ~3)));
		my $comment = option(1, @o);
		my $pid = option(258, @o);
		my $flags = option(2, @o);

		$packets++;
		my $time = $hi * 2 ** 32 + $lo;
		push @backwards, "$at: packet $packets" if $time < $last;
		$last = $time if $time > $last;
		$pid = $pid eq '' ? undef : unpack('V', $pid);
		if ($pid) {
			push @unknown, "$at: packet $packets names pid $pid"
				unless $described{$pid};
			push @alien, "$at: comment says '$comment', option $pid"
				unless $comment =~ /(^| )PID=$pid( |$)/;
		} elsif ($comment =~ /(^| )COMM=kernel( |$)/) {
			$kernel++;
		} else {
			push @nobody, "packet $packets: '$comment'";
		}

		my $payload = udp_payload($packet, 7002);
		if (defined $payload && $flags ne '' &&
		    (unpack('V', $flags) & 3) == 2 &&
		    $payload =~ /^once (\d+) (word\d+)\./) {
			my $is = $described{$pid // 0} // {};

			$once{$2} = { said => $1, pid => $pid // 0,
				      comment => $comment,
				      path => $is->{path} // '',
				      argv => $is->{argv} // '' };
		}
	}
}

verdict('every block is whole', @blocks);
verdict('there are packets', $packets ? () : 'none');
verdict('time never runs backwards', @backwards);
verdict('every pid is described before it is named', @unknown);
verdict('the comment names the same process as the option', @alien);
verdict('no packet is without a process', @nobody);
verdict('some packets are the kernel\'s own', $kernel ? () : 'none');

my (@wrong, %pids);
for my $n (1 .. $senders) {
	my $one = $once{"word$n"};

	if (!$one) {
		push @wrong, "word$n: not in the capture";
		next;
	}
	push @wrong, "word$n: sent by $one->{said}, labelled $one->{pid}"
		if $one->{said} != $one->{pid};
	push @wrong, "word$n: pid $one->{pid} again" if $pids{$one->{pid}}++;
	push @wrong, "word$n: comment '$one->{comment}'"
		unless $one->{comment} =~ /(^| )COMM=hone-once( |$)/;
	push @wrong, "word$n: path '$one->{path}'" if $one->{path} ne $path;
	push @wrong, "word$n: argv '$one->{argv}'"
		unless $one->{argv} eq
		       join("\0", $path, '127.0.0.1', '7002', "word$n.");
}
verdict('short-lived senders each have their pid, path and argv', @wrong);
exit $failed;
