# SPDX-License-Identifier: BSD-2-Clause
#
# What Perl does natively and as a guest: the same lines.

use strict;
use warnings;
use List::Util qw(sum first);
use POSIX qw(floor strftime);
use Digest::MD5 qw(md5_hex);
use Data::Dumper;

my %count;
$count{ length $_ }++ for split /\W+/, "the quick brown fox jumps over it";
print "words $_: $count{$_}\n" for sort keys %count;
print "sum ", sum(1 .. 100), " floor ", floor(-2.5), "\n";
print "first ", first { $_ > 10 } (3, 11, 12);
print "\nmd5 ", md5_hex("novillo"), "\n";
print strftime("%Y-%m-%d", gmtime(86400 * 365)), "\n";
$Data::Dumper::Sortkeys = 1;
print Dumper({ list => [ 1, 2 ], text => "a" });
local $SIG{ALRM} = sub { die "alarm\n" };
eval { alarm 1; select undef, undef, undef, 20; };
print "died: $@";
print "arguments @ARGV\n";
exit 4;
