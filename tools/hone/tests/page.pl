#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only
# Holds hone-pcapng(5) against files, and against the text beside the kernel's:
# each block and option that is in a file is on the page, with its length, and
# what is on the page is in a file.
#   page.pl PAGE TEXT FILE...
use strict;
use warnings;

my ($page, $text, @files) = @ARGV;
my (%told, %found, $bad);

sub slurp {
	my ($name) = @_;

	open(my $in, '<:raw', $name) or die "page.pl: opening: $name: $!\n";
	local $/;
	return scalar <$in>;
}

sub complain {
	print "@_\n";
	$bad = 1;
}

# By block and option: how many bytes it has, 0 is any.
my $block;
for (split /\n/, slurp($page)) {
	if (/^\.Sh/) {
		undef $block;
	} elsif (/^Block (0x[0-9a-f]{8})/) {
		$block = hex $1;
		$told{$block}{end} = 0;
	} elsif (/^\.It (\w+)(?: to (\w+))?, (text|\d+)/ && defined $block) {
		my ($from, $to, $len) = ($1, $2 // $1, $3);

		for (($from =~ /x/ ? hex $from : $from) ..
		     ($to =~ /x/ ? hex $to : $to)) {
			$told{$block}{$_} = $len eq 'text' ? 0 : $len;
		}
	}
}

# Bytes before the options.
my %body = (0x0a0d0d0a, 16, 1, 8, 5, 12, 0x101, 12, 0x102, 16, 0x80000001, 4,
	    0xbad, 16);

for my $file (@files) {
	my $data = slurp($file);

	for (my $at = 0; $at + 12 <= length $data;) {
		my ($type, $len) = unpack('L2', substr($data, $at, 8));
		my $b = substr($data, $at + 8, $len - 12);
		my $skip = $type == 6 ? 20 + (unpack('x12L', $b) + 3 & ~3) :
			$body{$type};

		$at += $len;
		$found{$type}{end} = $file;
		if (!$told{$type}) {
			complain(sprintf('%s: block %#010x is not told of',
					 $file, $type));
			next;
		}
		# A block that is told of but not here: options unknown.
		next unless defined $skip;
		for ($b = substr($b, $skip); length $b >= 4;) {
			my ($code, $n) = unpack('S2', $b);

			last unless $code;
			$found{$type}{$code} = $file;
			my $want = $told{$type}{$code};
			if (!defined $want) {
				complain(sprintf('%s: block %#010x: option %u (%#x) is not told of',
						 $file, $type, $code, $code));
			} elsif ($want && $want != $n) {
				complain(sprintf('%s: block %#010x: option %u (%#x) has %u bytes, not %u',
						 $file, $type, $code, $code, $n, $want));
			}
			substr($b, 0, 4 + ($n + 3 & ~3), '');
		}
	}
}

for my $type (keys %told) {
	for (keys %{$told{$type}}) {
		complain(sprintf('block %#010x: option %s is in no file', $type, $_))
			unless $found{$type}{$_};
	}
}

# Hone's own codes, as often as they are told of.
sub codes {
	return join(' ', sort $_[0] =~ /$_[1]/mg);
}
my $here = codes(slurp($page), qr/^\.It (0x8\w{3}),/);
my $there = codes(slurp($text), qr/^(0x8\w{3}) /);
complain("$page has\n$here\n$text has\n$there") if $here ne $there;
exit($bad ? 1 : 0);
