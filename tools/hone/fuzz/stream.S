/* SPDX-License-Identifier: GPL-2.0-only */
/* The stream that command lines are tried on. */
	.section .rodata
	.balign 8
	.globl fuzz_stream, fuzz_stream_len
fuzz_stream:
	.incbin "tcp.hone"
fuzz_stream_end:
	.balign 8
fuzz_stream_len:
	.quad fuzz_stream_end - fuzz_stream
	.section .note.GNU-stack,"",%progbits
