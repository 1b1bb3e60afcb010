# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154,SC2317 # run.sh reads this
# What a line for people says of the packet, tcpdump says.

# Ours without the process; tcpdump's without what it tells of payload, which
# the line does not: it is names and requests of others.
same_lines()
{
	"$reader" -r "$1" --print="$tmp/ours" "${@:2}" 2>"$tmp/null"
	tcpdump -n -S -r "$1" "${@:2}" >"$tmp/theirs" 2>"$tmp/null"
	sed -i 's/ .* \(In\|Out\) [^ ]* \(IP6* \)/ \2/
		s/\(^\| \)? \(IP6* \)/\1\2/
		s/ (.* lost before)$//; s/ also [^ ]*\[.*//' "$tmp/ours"
	sed -i 's/\(, length [0-9]*\): .*/\1/
		s/: domain \[length \([0-9]*\) .*/: UDP, length \1/' "$tmp/theirs"
	diff "$tmp/theirs" "$tmp/ours" && [ -s "$tmp/ours" ]
}
for f in "$tmp"/*.pcapng; do
	name=$(basename "$f" .pcapng)
	[ -e "$tmp/$name.hone" ] || continue
	case $name in
	# What tcpdump tells of payload, or of a header that is cut.
	sctp|short-headers|told|taken|taken-apart|many)	continue ;;
	esac
	[ "$(packets_in "$name" 2>"$tmp/null")" != 0 ] || continue
	judge tcpdump "$name: a line is as tcpdump's" same_lines "$f"
done

# Headers that the stories have none of; a packet is a line of hexadecimals.
# Options of TCP, unknown ones too, urgent data; UDP, ICMP, IPv6.
make_packets()
{
	perl -e '
		sub block {
			my ($type, $body) = @_;
			$body .= "\0" x (-length($body) & 3);
			my $len = length($body) + 12;
			return pack("VV", $type, $len) . $body . pack("V", $len);
		}
		my $out = block(0x0a0d0d0a, pack("VvvVV", 0x1a2b3c4d, 1, 0,
						 ~0, ~0)) .
			  block(1, pack("vvV", 101, 0, 262144));
		while (<STDIN>) {
			s/#.*//;
			my ($cut, $hex) = /^(\d*):(.*)/ or next;
			my $data = pack("H*", $hex =~ tr/ //dr);
			my $cap = substr($data, 0, $cut || length $data);
			$out .= block(6, pack("VVVVV", 0, 0, $. * 10,
					      length $cap, length $data) . $cap);
		}
		print $out' >"$tmp/headers.pcapng"
}
tcp4='4006 0000 0a00 0001 0a00 0002 9c40 0050'
have perl && make_packets <<END
:4500 003c 0001 4000 $tcp4 00001000 00000000 a002 faf0 0000 0000 0204 05b4 0402 080a 0001 e240 00000000 0103 0307
:4500 0048 0001 4000 $tcp4 00002000 00001001 d010 faf0 0000 0000 0101 080a 0001e241 0001e240 0101 0512 00001005 00001009 00001010 00001020
:4500 0031 0001 4000 $tcp4 00002000 00001001 6038 faf0 0000 0007 0101 0100 4142434445
:4500 002c 0001 4000 $tcp4 00002000 00001001 6011 faf0 0000 0000 fd04 abcd
:4500 0028 0001 4000 $tcp4 00001000 00000000 50c2 faf0 0000 0000
:4500 0028 0001 4000 $tcp4 00001000 00000000 5000 faf0 0000 0000
:4500 0021 0001 4000 4011 0000 0a00 0001 0a00 0002 9c40 9c41 000d 0000 4142434445
:4500 001c 0001 4000 4001 0000 0a00 0001 0a00 0002 0800 f7fd 0001 0002
:4500 001c 0001 4000 4001 0000 0a00 0001 0a00 0002 0000 f7fd 0001 0003
:4500 0038 0001 4000 4001 0000 0a00 0001 0a00 0002 0300 f7fd 0000 05dc 4500 0028 0001 0000 4011 0000 0a00 0002 0a00 0003 9c40 0051 00140000
:4500 0038 0001 4000 4001 0000 0a00 0001 0a00 0002 0301 f7fd 0000 05dc 4500 0028 0001 0000 4011 0000 0a00 0002 0a00 0003 9c40 0051 00140000
:4500 0038 0001 4000 4001 0000 0a00 0001 0a00 0002 0303 f7fd 0000 05dc 4500 0028 0001 0000 4011 0000 0a00 0002 0a00 0003 9c40 0051 00140000
:4500 0038 0001 4000 4001 0000 0a00 0001 0a00 0002 0303 f7fd 0000 05dc 4500 0028 0001 0000 4006 0000 0a00 0002 0a00 0003 9c40 0051 00140000
:4500 0038 0001 4000 4001 0000 0a00 0001 0a00 0002 0304 f7fd 0000 05dc 4500 0028 0001 0000 4011 0000 0a00 0002 0a00 0003 9c40 0051 00140000
:4500 0038 0001 4000 4001 0000 0a00 0001 0a00 0002 030a f7fd 0000 05dc 4500 0028 0001 0000 4011 0000 0a00 0002 0a00 0003 9c40 0051 00140000
:4500 0038 0001 4000 4001 0000 0a00 0001 0a00 0002 030d f7fd 0000 05dc 4500 0028 0001 0000 4011 0000 0a00 0002 0a00 0003 9c40 0051 00140000
:6000 0000 0014 06 40 fd000000000000000000000000000001 fd000000000000000000000000000002 9c40 0050 00001000 00000000 5002 faf0 0000 0000
:6000 0000 000d 11 40 fd000000000000000000000000000001 fd000000000000000000000000000002 9c40 9c41 000d 0000 4142434445
:6000 0000 0008 3a 40 fd000000000000000000000000000001 fd000000000000000000000000000002 8000 0000 0001 0002
END
judge tcpdump "headers: a line is as tcpdump's" same_lines "$tmp/headers.pcapng"
judge tcpdump "-q: the same" same_lines "$tmp/headers.pcapng" -q
for form in -t -tt -ttt -tttt -ttttt; do
	judge tcpdump "$form: the same" same_lines "$tmp/headers.pcapng" $form
done
