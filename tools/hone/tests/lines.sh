# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154,SC2317 # run.sh reads this
# What a line for people says of the packet, tcpdump says.

same_lines()
{
	"$here/same_lines.pl" "$reader" "$@"
}
for f in "$tmp"/*.pcapng; do
	name=$(basename "$f" .pcapng)
	if [ ! -e "$tmp/$name.hone" ] || [ "$name" = many ]; then
		continue
	fi
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
