# Regular expressions, sorting, formats, file tests and directories.
use strict;
use warnings;
use utf8;
use File::Find;
use File::Temp qw(tempfile);
use List::Util qw(sum first reduce);
use Data::Dumper;

binmode STDOUT, ":utf8";
my %count;
while (<STDIN>) { $count{ lc $1 }++ while /(\w+)/g }
printf "%-8s %d\n", $_, $count{$_} for sort { $count{$b} <=> $count{$a} || $a cmp $b } keys %count;

my $text = "key1=value one; key2 = 'value two' ;key3=3";
my %pairs = $text =~ /(\w+)\s*=\s*('[^']*'|[^;]+?)\s*(?:;|$)/g;
print map { "$_ -> $pairs{$_}\n" } sort keys %pairs;
print "nested: $1\n" if "f(a(b)c)(d)" =~ /(\((?:[^()]++|(?1))*\))/;
print join("|", split /(?<=,)/, "a,b,c"), " ", "résumé" =~ /^\p{L}+$/ ? "letters" : "other", "\n";
(my $title = "the quick brown fox") =~ s/(\w+)/\u$1/g;
print "$title\n", join(" ", map { sprintf "%03b", $_ } 1 .. 5), "\n";
print sum(1 .. 100), " ", (first { $_ > 10 } 5, 12, 20), " ", (reduce { $a * $b } 1 .. 20), "\n";
my @numbers = map { ($_ * 7919) % 1009 } 1 .. 2000;
my @sorted = sort { $a <=> $b } @numbers;
print "@sorted[0 .. 4] ", 2**0.5, " ", 10 / 3, " ", 1e21, " ", 0xff, "\n";
local $Data::Dumper::Sortkeys = 1;
local $Data::Dumper::Indent = 1;
print Dumper({ list => [1, "two"], code => undef });

mkdir "made" or die;
mkdir "made/deep" or die;
open my $file, ">", "made/deep/file" or die;
print $file "line $_\n" for 1 .. 10;
close $file;
chmod 0751, "made/deep/file";
symlink "deep/file", "made/link" or die;
link "made/deep/file", "made/hard" or die;
rename "made/hard", "made/other" or die;
utime 1e9, 1e9, "made/deep/file";
for my $path ("made", "made/deep/file", "made/link", "made/nothing") {
    printf "%s:%s\n", $path, join "", map { eval "-$_ \$path" ? $_ : "-" } qw(e f d l r w x s z);
}
my @stat = stat "made/other";
printf "%o %d %d %d\n", $stat[2], $stat[3], $stat[7], $stat[9];
find({ wanted => sub { print "$File::Find::name\n" }, preprocess => sub { sort @_ } }, "made");
open $file, "+<", "made/other" or die;
seek $file, -8, 2;
print "last: ", <$file>;
truncate $file, 7;
close $file;
print -s "made/deep/file", "\n";
print "glob: @{[glob 'made/*']}\n";
open $file, "<", "made/nothing" or print "open: $!\n";
my ($handle, $name) = tempfile(UNLINK => 1);
print $handle "x" x 100_000;
close $handle;
print -s $name, "\n";
die { code => 1 } if @ARGV;
die "the end";
