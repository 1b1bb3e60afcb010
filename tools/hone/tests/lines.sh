# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154,SC2317 # run.sh reads this
# What a line for people says of the packet, tcpdump says.

# Ours without the process; tcpdump's without what it tells of what applications
# say, which the line does not: it is names and requests of others.
same_lines()
{
	"$reader" -r "$1" --print="$tmp/ours" "${@:2}" 2>"$tmp/null"
	tcpdump -n -S -r "$1" "${@:2}" >"$tmp/theirs" 2>"$tmp/null"
	sed -i 's/ .* \(In\|Out\) [^ ]* \(IP6* \)/ \2/
		s/\(^\| \)? \(IP6* \)/\1\2/
		s/ (.* lost before)$//; s/ also [^ ]*\[.*//' "$tmp/ours"
	# Its lines of SCTP end in a blank, or go on in others.
	sed -i '/^	/d; s/\(, length [0-9]*\): .*/\1/; s/ $//
		s/: domain \[length \([0-9]*\) .*/: UDP, length \1/' "$tmp/theirs"
	diff "$tmp/theirs" "$tmp/ours" && [ -s "$tmp/ours" ]
}
for f in "$tmp"/*.pcapng; do
	name=$(basename "$f" .pcapng)
	[ -e "$tmp/$name.hone" ] || continue
	case $name in
	# What tcpdump tells of payload, or of a header that is cut.
	short-headers|told|taken|taken-apart|many)	continue ;;
	esac
	[ "$(packets_in "$name" 2>"$tmp/null")" != 0 ] || continue
	judge tcpdump "$name: a line is as tcpdump's" same_lines "$f"
done

# Headers that the stories have none of.
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
		print $out' <"$here/headers.txt" >"$tmp/headers.pcapng"
}
have perl && make_packets
judge tcpdump "headers: a line is as tcpdump's" same_lines "$tmp/headers.pcapng"
judge tcpdump "-q: the same" same_lines "$tmp/headers.pcapng" -q
for form in -t -tt -ttt -tttt -ttttt; do
	judge tcpdump "$form: the same" same_lines "$tmp/headers.pcapng" $form
done
