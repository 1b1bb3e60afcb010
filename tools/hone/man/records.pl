#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only
# Makes hone-records(5) of the header that says what records are, so that the
# page has each structure, field and flag. One that the header does not explain
# is an error.
#   records.pl HEADER TEMPLATE	the page: TEMPLATE, and what @WORD@ stands for
#   records.pl --layout HEADER	C that holds if the page's numbers are right
use strict;
use warnings;

my $layout = @ARGV && $ARGV[0] eq '--layout' && shift @ARGV;
die "usage: records.pl [--layout] HEADER [TEMPLATE]\n"
	unless @ARGV == ($layout ? 1 : 2);
my ($header, $template) = @ARGV;

sub slurp {
	my ($name) = @_;

	open(my $in, '<', $name) or die "records.pl: opening: $name: $!\n";
	local $/;
	return scalar <$in>;
}

my $text = slurp($header);

my %size = (__u8 => 1, __s8 => 1, __u16 => 2, __be16 => 2, __u32 => 4,
	    __s32 => 4, __be32 => 4, __u64 => 8, __s64 => 8);
my %align = %size;
my %constant;			# numbers by name
my %parts;			# what a template may ask for
my @asserts;

sub wrong {
	die "records.pl: $header: @_\n";
}

# Sentences of the header as text of a page.
sub roff {
	my ($s) = @_;

	$s =~ s/\s+/ /g;
	$s =~ s/^ | $//g;
	$s =~ s/\\/\\e/g;
	$s =~ s/~/\\(ti/g;
	$s =~ s/&(struct|enum) (\w+)(\.\w+)?/"\\fB$1 $2" . ($3 || '') . '\\fP'/ge;
	$s =~ s/@(\w+(?:\.\w+)?)/\\fI$1\\fP/g;
	$s =~ s/\bhone_rec\.flags\b/\\fBhone_rec.flags\\fP/g;
	$s = ucfirst $s;
	$s .= '.' unless $s =~ /[.:]$/;
	# Sentences begin lines of their own.
	$s =~ s/([a-z)P][.]) (?=[A-Z\\])/$1\n/g;
	$s =~ s/^([.'])/\\&$1/mg;
	return "$s\n";
}

# A kernel-doc comment: summary, text for each member, what follows.
sub explained {
	my ($comment) = @_;
	my ($summary, %member, $name, @rest);

	for (split /\n/, $comment) {
		s/^\s*\* ?//;
		if (!defined $summary) {
			$summary = $1 if /^(?:struct|enum) \w+ - (.*)/;
		} elsif (!@rest && /^@(\w+): (.*)/) {
			$name = $1;
			$member{$name} = $2;
		} elsif (!@rest && defined $name && /^\s+(\S.*)/) {
			$member{$name} .= " $1";
		} elsif (!@rest && !defined $name && /\S/) {
			$summary .= " $_";
		} else {
			push @rest, $_;
		}
	}
	return ($summary, \%member, join("\n", @rest));
}

sub paragraphs {
	return join('', map { ".Pp\n" . roff($_) }
		    grep { /\S/ } split(/\n\s*\n/, $_[0]));
}

sub value {
	my ($s) = @_;

	$s =~ s/\b(HONE_\w+)\b/exists $constant{$1} ? $constant{$1} : wrong("$1 is not known")/ge;
	wrong("no number: $s") unless $s =~ /^[\s0-9a-fx+*()-]+$/i;
	return eval $s;
}

sub enumeration {
	my ($name, $summary, $member, $rest, $body) = @_;
	my $out = ".Ss enum $name\n" . roff($summary) .
		".Bl -tag -width 22n -compact\n";

	while ($body =~ /(\w+)\s*=\s*(\w+)\s*,/g) {
		my ($constant, $number) = ($1, value($2));

		wrong("enum $name: $constant is not explained")
			unless $member->{$constant};
		$constant{$constant} = $number;
		push @asserts, "$constant == $number";
		$out .= ".It $number Dv $constant\n" . roff($member->{$constant});
	}
	return "$out.El\n" . paragraphs($rest);
}

sub structure {
	my ($name, $summary, $member, $rest, $body) = @_;
	my $out = ".Ss struct $name\n" . roff($summary) .
		".Bl -tag -width 22n -compact\n";
	my ($at, $most) = (0, 1);

	while ($body =~ /(?:struct\s+)?(\w+)\s+(\w+)(?:\[(\w*)\])?;/g) {
		my ($type, $field, $many) = ($1, $2, $3);
		my $n = !defined $many ? 1 : $many eq '' ? 0 : value($many);
		my $form = $type;

		wrong("struct $name: $type is not known") unless $size{$type};
		wrong("struct $name: $field is not explained")
			unless $member->{$field};
		$at += -$at % $align{$type};
		$most = $align{$type} if $align{$type} > $most;
		$form =~ s/^__//;
		$form .= defined $many ? $n ? "[$n]" : '[]' : '';
		push @asserts, "offsetof(struct $name, $field) == $at";
		push @asserts, "sizeof(((struct $name *)0)->$field) == " .
			$n * $size{$type} if $n;
		$out .= ".It $at $form Va $field\n" . roff($member->{$field});
		$at += $n * $size{$type};
	}
	$at += -$at % $most;
	$size{$name} = $at;
	$align{$name} = $most;
	push @asserts, "sizeof(struct $name) == $at";
	return "$out.El\n.Pp\n$at bytes.\n" . paragraphs($rest);
}

# #defines in one go, with the comment before them or behind each.
sub defines {
	my ($comment, $block) = @_;
	my ($head, $out) = ('', '');

	if ($comment) {
		$comment =~ s/^\s*\* ?//mg;
		$head = $comment;
	}
	while ($block =~ m{^\#define\s+(HONE_\w+)\s+(\S[^\n/]*?)\s*(?:/\*\s*(.*?)\s*\*/\s*)?$}msg) {
		my ($name, $number, $says) = ($1, $2, $3);

		$constant{$name} = value($number);
		push @asserts, "$name == $constant{$name}";
		wrong("$name is not explained") if $name =~ /^HONE_F_/ && !$says;
		$number = $constant{$name} unless $number =~ /^0x/;
		$says =~ s/\n\s*\*?\s*/ /g if $says;
		$out .= ".It $number Dv $name\n";
		$out .= roff($says) if $says;
	}
	return ($head, $out);
}

my $comment = qr{/\*(?!\*)((?:(?!\*/).)*)\*/\n}s;
my $flags_of = '';

while ($text =~ m{
	\G.*?(?:
		/\*\*\n((?:(?!\*/).)*)\*/\n		# kernel-doc
		(enum|struct)\s+(\w+)\s*\{\n(.*?)\n\};	# and what it is of
	|
		(?:$comment)?((?:^\#define\ HONE_\w+\s+[^\n]+\n(?:\ +\*[^\n]*\n|\t+[^\n\#]*\n)*)+)
	)}gxms) {
	my ($doc, $kind, $name, $body, $before, $block) =
		($1, $2, $3, $4, $5, $6);

	if (defined $doc) {
		my @doc = explained($doc);

		wrong("$kind $name has no summary") unless defined $doc[0];
		if ($kind eq 'enum') {
			$parts{$name eq 'hone_rec_type' ? 'TYPES' : 'ENUMS'} .=
				enumeration($name, @doc, $body);
		} else {
			$parts{STRUCTS} .= structure($name, @doc, $body);
		}
		next;
	}
	my ($head, $out) = defines($before, $block);
	next unless $out;
	if ($block =~ /^#define HONE_F_/) {
		wrong("flags, but of what? $block") unless $head;
		$parts{FLAGS} .= ".Ss " . ($head =~ /flags of (.*?)\s*$/s ?
			"Of $1" : $head) . "\n.Bl -tag -width 22n -compact\n$out.El\n";
	} else {
		$parts{CONSTANTS} .= ($head ? ".Pp\n" . roff($head) : '') .
			".Bl -tag -width 22n -compact\n$out.El\n";
	}
}

# Nothing of the header may have been passed over.
my %left = map { $_ => 1 } $text =~ /^(?:#define\s+|\t)(HONE_\w+)\s*[\s=]/mg;
delete @left{keys %constant};
wrong('passed over: ' . join(' ', sort keys %left)) if %left;
for ($text =~ /^struct (\w+) \{/mg) {
	wrong("struct $_: passed over") unless $size{$_};
}

if ($layout) {
	print "#include <stddef.h>\n#include <linux/hone.h>\n";
	print "_Static_assert($_, \"\");\n" for @asserts;
	exit;
}
my $page = slurp($template);
$page =~ s/^@(\w+)@\n/delete $parts{$1} || die "records.pl: $template: no part $1\n"/gme;
die "records.pl: $template: wants no @{[sort keys %parts]}\n" if %parts;
print $page;
