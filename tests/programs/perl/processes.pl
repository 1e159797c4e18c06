# fork, pipes, exec, signals, sockets and sleeping.
use strict;
use warnings;
use IO::Socket::INET;
use IO::Select;
use POSIX qw(:sys_wait_h WNOHANG SIGALRM SIGUSR1);
use Socket;
use Time::HiRes qw(time sleep alarm);

$| = 1;
my $pid = fork // die "fork: $!";
if (!$pid) { print "in the child\n"; exit 5 }
waitpid $pid, 0;
print "child ended with ", $? >> 8, "\n";

print "backticks: ", `echo one; echo two`;
print "status ", system("sh", "-c", "exit 9") >> 8, "\n";
system "kill -TERM \$\$";
print "signal ", $? & 127, "\n";
print "missing: ", system({"/no/such/program"} "program"), " ", $! + 0, "\n";

open my $sort, "-|", "printf '3\\n1\\n2\\n' | sort" or die;
chomp(my @sorted = <$sort>);
close $sort;
print "@sorted\n";
open my $out, "|-", "tr a-z A-Z" or die;
print $out "shout\n" x 3;
close $out or die;

my @pids = map {
    my $n = $_;
    my $child = fork // die;
    if (!$child) { sleep 0.002 * (6 - $n); exit $n }
    $child;
} 1 .. 5;
my %status = map { waitpid($_, 0); ($_ => $? >> 8) } @pids;
print join(",", map { $status{$_} } @pids), "\n";

my $heard = "";
local $SIG{USR1} = sub { $heard .= "usr1 " };
local $SIG{ALRM} = sub { die "alarm\n" };
kill USR1 => $$;
my $answer = eval { alarm 0.02; select undef, undef, undef, 5; 1 } ? "no alarm" : $@;
print "$heard$answer";

my $listener = IO::Socket::INET->new(Listen => 5, LocalAddr => "127.0.0.1", Proto => "tcp") or die $@;
my $server = fork // die;
if (!$server) {
    for (1 .. 3) {
        my $client = $listener->accept;
        while (my $line = <$client>) { print $client scalar reverse("$line"), "\n" }
        close $client;
    }
    exit 0;
}
for my $n (1 .. 3) {
    my $socket = IO::Socket::INET->new(PeerAddr => "127.0.0.1", PeerPort => $listener->sockport) or die $@;
    print $socket "request $n\n";
    shutdown $socket, 1;
    print IO::Select->new($socket)->can_read(5) ? "ready: " : "late: ", join("", <$socket>) =~ tr/\n//dr, "\n";
}
waitpid $server, 0;
print "server ended with $?\n";

socketpair my $left, my $right, AF_UNIX, SOCK_STREAM, PF_UNSPEC or die;
syswrite $left, "pair";
sysread $right, my $bytes, 10;
print "$bytes\n";
print "wait: ", waitpid(-1, WNOHANG), " ", $! == POSIX::ECHILD ? "no child" : "$!", "\n";
warn "to stderr\n";
kill KILL => $$;
