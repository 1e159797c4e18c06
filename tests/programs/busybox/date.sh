date -u -d @86400 '+%Y-%m-%d %H:%M:%S'
TZ=UTC-2 date -d @0 +%H
