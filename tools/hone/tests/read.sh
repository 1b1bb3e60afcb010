# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154,SC2317 # run.sh reads this
# PCAP-NG input: what the reader has written, and what others have.

# The same file again, with the same options.
again()
{
	local from=$1

	shift
	"$reader" -q -r "$from" -o "$tmp/again.a" "$@" || return 1
	"$reader" -q -r "$tmp/again.a" -o "$tmp/again.b" "$@" || return 1
	cmp "$tmp/again.a" "$tmp/again.b" && [ -s "$tmp/again.a" ]
}
all_again()
{
	local f

	for f in "$tmp"/*.hone; do
		case $f in
		*/bad-*)	continue ;;
		esac
		again "$f" "$@" || {
			echo "$f $*"
			return 1
		}
	done
}
while read -r args; do
	# shellcheck disable=SC2086 # they are words
	t "-r of PCAP-NG gives it again: ${args:-no options}" all_again $args
done <<'END'

--no-comment
--process-info=none
--process-info=wireshark
--no-comment --process-info=none
--usec
--sll2
--host-info=full --comment=why
END

# Lines and packets of text tell the same of a stream and of its file.
said_of()
{
	"$reader" -q -r "$1" --print="$tmp/said.line" --text="$tmp/said.txt" \
		-v || return 1
	{
		cat "$tmp/said.line"
		grep -E '^(PAKT|LATE|FORK|EXIT)' "$tmp/said.txt"
	} >"$2"
}
says_the_same()
{
	local f name

	for f in "$tmp"/*.hone; do
		name=$(basename "$f" .hone)
		case $name in
		# There is no packet in the counts.
		bad-*|many|record|counts)	continue ;;
		esac
		said_of "$f" "$tmp/said.a" && said_of "$tmp/$name.pcapng" \
			"$tmp/said.b" && [ -s "$tmp/said.b" ] || return 1
		diff "$tmp/said.a" "$tmp/said.b" || {
			echo "$name"
			return 1
		}
	done
}
t "a file says of packets what the stream said" says_the_same
piped_file()
{
	# shellcheck disable=SC2002 # it is to be a pipe
	cat "$tmp/tcp.pcapng" | "$reader" -q -r - -o "$tmp/again.b"
	cmp "$tmp/again.b" "$tmp/tcp.pcapng"
}
t "a file through a pipe" piped_file

# Files that took turns, one by one and in a row.
ring_again()
{
	local f list=()

	turn -r "$tmp/many.hone" -o "$tmp/turn/f" -C 2 || return 1
	for f in $(files); do
		"$reader" -q -r "$tmp/turn/$f" -o "$tmp/again.b" || return 1
		cmp "$tmp/turn/$f" "$tmp/again.b" || return 1
		list+=(-r "$tmp/turn/$f")
	done
	[ "${#list[@]}" -gt 6 ] || return 1
	"$reader" -q "${list[@]}" -o "$tmp/again.b"
	cmp "$tmp/many.pcapng" "$tmp/again.b"
}
t "files of a ring, each and all" ring_again
if have perl; then
	swapped()
	{
		perl "$here/pcapng.pl" swap "$tmp/$1.pcapng" "$tmp/swapped" &&
			! cmp -s "$tmp/swapped" "$tmp/$1.pcapng" &&
			"$reader" -q -r "$tmp/swapped" -o "$tmp/again.b" &&
			cmp "$tmp/$1.pcapng" "$tmp/again.b"
	}
	for name in tcp late mptcp container losses; do
		t "$name: a file of the other byte order" swapped "$name"
	done
	made()
	{
		local what=$1

		shift
		perl "$here/pcapng.pl" "$@" "$tmp/foreign" &&
			"$reader" -r "$tmp/foreign" --print="$tmp/printed" -tt \
				-o "$tmp/foreign.pcapng" 2>"$tmp/foreign.log"
		cat "$tmp/foreign.log" "$tmp/printed"
		printf '%b\n' "$what" | cmp - "$tmp/printed" &&
			perl "$here/verify.pl" --foreign "$tmp/foreign.pcapng"
	}
	t "sections, interfaces and blocks of others" made \
"1700000000.000000 ? Out eth0 IP 10.0.0.1.1 > 10.0.0.2.2: UDP, length 3
1700000000.000002 ?[77]? eth0 IP6 ::1.3 > ::1.4: UDP, length 3
1700000002.000000 ? tun0 IP 10.0.0.1.5 > 10.0.0.2.6: UDP, length 5 (5 lost before)
1700000002.000000 ? eth0 IP 10.0.0.1.7 > 10.0.0.2.8: UDP, length 4
1700000003.000000 ? Out IP 10.0.0.1.9 > 10.0.0.2.10: UDP, length 4" foreign
	t "what is no IP is left out, and said" grep -q \
		'1 frame has no IP packet' "$tmp/foreign.log"
	judge tshark "packets of others are kept" \
		shark "$tmp/foreign.pcapng" udp 5
	for type in 0 1 101 108 228; do
		t "link type $type" made '1700000000.000000 ? IP 10.0.0.1.1 > 10.0.0.2.2: UDP, length 4' link "$type"
	done
	for type in 113 276; do
		t "link type $type" made '1700000000.000000 ? In IP 10.0.0.1.1 > 10.0.0.2.2: UDP, length 4' link "$type"
	done
	t "what a link has padded is none of the packet's" made \
"1700000000.000000 ? IP 10.0.0.1.1 > 10.0.0.2.2: Flags [.], ack 6, win 500, length 0
1700000000.000000 ? IP 10.0.0.1.1 > 10.0.0.2.2: UDP, length 4
1700000000.000000 ? IP6 ::1.3 > ::1.4: UDP, length 3" trailer
	# Whether they were received or sent is not known, and stays so.
	neither()
	{
		"$reader" -q -r "$tmp/foreign" --sll2 -o "$tmp/neither" &&
			"$reader" -q -r "$tmp/neither" --json |
			tee "$tmp/printed" | grep -c '"type":"packet"' |
			grep -qx 3 && ! grep '"dir"' "$tmp/printed"
	}
	perl "$here/pcapng.pl" trailer "$tmp/foreign"
	t "--sll2 makes nobody the receiver" neither
	summed_up()
	{
		"$reader" -q -r "$tmp/foreign" --summary -o "$tmp/neither" \
			2>"$tmp/printed"
		cat "$tmp/printed"
		grep -qx '  in 0 packets, 0 bytes; out 0 packets, 0 bytes; in or out 3 packets, 123 bytes' \
			"$tmp/printed"
	}
	t "nor does a summary" summed_up
	nobodys()
	{
		perl "$here/pcapng.pl" unnamed "$tmp/foreign"
		"$reader" -q -r "$tmp/foreign" -v >"$tmp/printed" &&
			"$reader" -q -r "$tmp/foreign" --json >>"$tmp/printed" &&
			"$reader" -q -r "$tmp/foreign" -o "$tmp/neither" ||
			return 1
		cat "$tmp/printed"
		grep -q 'seven\[7\]' "$tmp/printed" &&
			! grep -w 'uid' "$tmp/printed" &&
			! grep -a 'UID=' "$tmp/neither"
	}
	t "of whose user nothing is said, nothing is said" nobodys
	perl "$here/pcapng.pl" link 105 "$tmp/foreign"
	t "a link type without IP" status 4 'at byte 28: .* link type 105' \
		"$reader" -r "$tmp/foreign"
	t "files of the first Hone" made \
"1700000000.000000 ?[5]? Out IP 10.0.0.1.1 > 10.0.0.2.2: UDP, length 3
1700000000.000000 ?[5]? In IP 10.0.0.1.1 > 10.0.0.2.2: UDP, length 3" first
	first_says()
	{
		"$reader" -q -r "$tmp/foreign" --text | tee "$tmp/first"
		grep -q ' euid=1000 \(.* \)*path=/bin/one argv=one,-x$' "$tmp/first" &&
			grep -q '^EXEC .* path=/bin/two$' "$tmp/first" &&
			grep -q '^EXIT ' "$tmp/first"
	}
	perl "$here/pcapng.pl" first "$tmp/foreign"
	t "tell of their processes" first_says
	t "time that runs backwards stands still" made \
"1700000000.000005 ? IP 10.0.0.1.1 > 10.0.0.2.2: UDP, length 4
1700000000.000005 ? IP 10.0.0.1.1 > 10.0.0.2.2: UDP, length 5" backwards
	t "and that is said" grep -q 'time runs backwards' "$tmp/foreign.log"
fi

# Saved by Wireshark 4 there is nothing left but the comments.
resaved()
{
	tshark -r "$tmp/$1.pcapng" -F pcapng -w "$tmp/resaved" 2>"$tmp/null" &&
		"$reader" -q -r "$tmp/resaved" --print="$tmp/again.line" &&
		cmp "$tmp/$1.line" "$tmp/again.line"
}
for name in tcp udp renamed escapes echo; do
	judge tshark "$name: saved by Wireshark, it is still known whose" \
		resaved "$name"
done

# For Wireshark 5: blocks of its own.
"$reader" -q -r "$tmp/udp.hone" -o "$tmp/wireshark.pcapng" \
	--process-info=wireshark --host-info=full
judge perl "--process-info=wireshark keeps its promises" \
	perl "$here/verify.pl" "$tmp/wireshark.pcapng"
t "and has processes in its form" grep -qaP \
	'\x6e\x7f\0\0\x03\0\0\0.\0\0\0.{4}\x02\0\x05\0httpd' \
	"$tmp/wireshark.pcapng"
judge tshark "tshark reads it" shark "$tmp/wireshark.pcapng" ip \
	"$(packets_in udp)"
t "--process-info: what is none" status 2 'none of darwin' "$reader" \
	--process-info=macos

# Who is told of in the file can be taken out of what is written.
names_kept()
{
	local want=$1

	shift
	"$reader" -q -r "$tmp/named.a" -o "$tmp/named.b" "$@" || return 1
	grep -qa 'www-data' "$tmp/named.b"
	[ $? -eq "$want" ]
}
"$reader" -q -r "$tmp/tcp.hone" -o "$tmp/named.a" --host-info=full
if grep -q '^www-data:x:33:' /etc/passwd; then
	t "names of users come from the file" names_kept 0
	t "--host-info=none takes them out" names_kept 1 --host-info=none
fi

# What makes no sense.
t "a raw file and PCAP-NG" status 2 'is PCAP-NG, and .* is a raw file' \
	"$reader" -r "$tmp/tcp.hone" -r "$tmp/tcp.pcapng"
refused()
{
	printf '%b' "$1" >"$tmp/refused"
	status 4 "$2" "$reader" -r "$tmp/refused"
}
t "a compressed file" refused '\037\0213\010\0' 'at byte 0: a gzip file'
t "a pcap file" refused '\0324\0303\0262\0241\02\0\04\0' 'a pcap file, not PCAP-NG'
t "a section that says no byte order" refused \
	'\n\r\r\n\034\0\0\0aaaaaaaaaaaaaaaaaaaa' 'byte order is unknown'
t "a section of a newer version" refused \
	'\n\r\r\n\034\0\0\0\0115\074\053\032\02\0\0\0aaaaaaaa\034\0\0\0' 'version 2'
t "a section header alone" refused '\n\r\r\n' 'ends within a block'
head -c 700 "$tmp/tcp.pcapng" >"$tmp/short"
t "a file that is cut" status 4 'at byte [0-9]*: the file ends within a block' \
	"$reader" -q -r "$tmp/short" -o "$tmp/short.pcapng"
judge perl "what was before it is written" \
	perl "$here/verify.pl" "$tmp/short.pcapng"

# Whatever the bytes, nothing but the statuses 0 and 4.
file_cuts()
{
	local len size

	size=$(wc -c <"$tmp/tcp.pcapng")
	for ((len = 12; len < size; len += 211)); do
		head -c "$len" "$tmp/tcp.pcapng" >"$tmp/spoilt"
		rm -f "$tmp/spoilt.pcapng"
		sound "cut at $len" || return 1
	done
}
file_spoils()
{
	local i name

	perl "$here/pcapng.pl" foreign "$tmp/foreign.pcapng"
	for ((i = 0; i < 60; i++)); do
		for name in tcp multicast late foreign; do
			perl "$here/stream.pl" spoil "$tmp/$name.pcapng" "$i" \
				"$tmp/spoilt"
			rm -f "$tmp/spoilt.pcapng"
			sound "spoilt $name $i" --foreign >"$tmp/sound" 2>&1 || {
				cat "$tmp/sound"
				return 1
			}
		done
	done
}
judge perl "PCAP-NG that is cut anywhere" file_cuts
judge perl "PCAP-NG with bytes changed" file_spoils
