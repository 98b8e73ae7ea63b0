#!/usr/bin/perl
# Renders a text: the first line is the title, empty lines part paragraphs.
use strict;
use warnings;

local $/ = undef;
my $text = <>;
for ($text) { s/&/&amp;/g; s/</&lt;/g; s/>/&gt;/g; }
my ($title, @paragraphs) = split /\n\s*\n|\n\z/, $text;
print "<!doctype html>\n<title>$title</title>\n<h1>$title</h1>\n";
print "<p>$_</p>\n" for grep { length } @paragraphs;
