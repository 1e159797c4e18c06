<?php
// Generators, fibers, a forked child that talks over a socket, processes, signals, a file that is locked.
function counted($n)
{
    for ($i = 0; $i < $n; $i++) {
        yield $i;
    }
    return 'end';
}

$numbers = counted(3);
foreach ($numbers as $number) {
    echo $number, ' ';
}
echo $numbers->getReturn(), "\n";
$fiber = new Fiber(fn ($a) => Fiber::suspend($a * 2) . '!');
echo $fiber->start(21), "\n";
$fiber->resume('back');
echo $fiber->getReturn(), "\n";
for ($i = 0, $sum = 0; $i < 300000; $i++) {
    $sum = ($sum * 31 + $i) % 1000003;
}
echo $sum, "\n";

$server = stream_socket_server('tcp://127.0.0.1:0');
$name = stream_socket_get_name($server, false);
$child = pcntl_fork();
if (!$child) {
    $client = stream_socket_client("tcp://$name");
    fwrite($client, "hello\n");
    echo fgets($client);
    exit(7);
}
$client = stream_socket_accept($server);
fwrite($client, strrev(trim(fgets($client))) . "\n");
pcntl_waitpid($child, $status);
echo pcntl_wexitstatus($status), "\n";
$sort = proc_open(['sort', '-n'], [['pipe', 'r'], ['pipe', 'w']], $pipes);
fwrite($pipes[0], "3\n10\n2\n");
fclose($pipes[0]);
echo stream_get_contents($pipes[1]), proc_close($sort), "\n";
pcntl_async_signals(true);
pcntl_signal(SIGUSR1, function () { echo "signal\n"; });
posix_kill(getmypid(), SIGUSR1);

file_put_contents('data', str_repeat("line\n", 1000));
$file = fopen('data', 'r+');
var_dump(flock($file, LOCK_EX), ftruncate($file, 10), fstat($file)['size']);
echo json_encode(['a' => 1, 'b' => [1.5, null, "\u{e9}"]]), "\n";
echo preg_replace_callback('/\d+/', fn ($m) => $m[0] * 2, 'a1b22'), ' ', hash('sha256', 'x'), "\n";
echo (new DateTime('2024-02-29 12:00', new DateTimeZone('Europe/Berlin')))->modify('+1 year')->format(DATE_ATOM), "\n";
try {
    intdiv(1, 0);
} catch (DivisionByZeroError $error) {
    echo get_class($error), "\n";
}
