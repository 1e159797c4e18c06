# redis: a server with an append-only file, clients of all kinds, a snapshot in a child, a restart.
cd "$(mktemp -d)" || exit
port=$((10000 + $$ % 20000))
start() {
    redis-server --port "$port" --bind 127.0.0.1 --unixsocket "$PWD/redis.sock" --dir "$PWD" --appendonly yes \
        --save '' --daemonize no --logfile server.log > /dev/null &
    until redis-cli -p "$port" ping 2> /dev/null | grep -q PONG; do sleep 0.05; done
}
r() { redis-cli -s redis.sock "$@"; }
start; r set greeting hello; r get greeting; r incrby n 41; r incr n
r rpush list a b c; r lrange list 0 -1; r hset hash f 1 g 2; r hgetall hash; r zadd z 2 two 1 one; r zrange z 0 -1 withscores
seq 500 | sed 's/.*/set key:& value&/' | redis-cli -p "$port" --pipe 2>&1 | tail -1; r dbsize
r eval 'local s = 0; for i = 1, 100 do s = s + i end; return s' 0
(redis-cli -p "$port" blpop queue 10 > popped) & sleep 0.1; r lpush queue item; wait $!; cat popped
redis-cli -p "$port" subscribe news > heard &
until r pubsub numsub news | grep -q 1; do sleep 0.05; done; r publish news headline > /dev/null
until grep -c headline heard; do sleep 0.05; done | tail -1; kill $!; wait $! 2> /dev/null
r bgsave; until [ -s dump.rdb ]; do sleep 0.05; done; r expire n 100; r ttl n | grep -qE '^(100|99)$' && echo ttl
r config get maxmemory; r info server | grep -c redis_version; r shutdown nosave; wait
start; r get key:250; r dbsize; r shutdown nosave; wait; ls -A; rm -rf "$PWD"
