#!/bin/sh
# The main job on a bundled example: check the case folder, write the letters, seal, verify.
# Then serve the pages with three example cases and an example market until Ctrl-C. `make demo` sets
# up what this needs.
# Results lie in out/, which may be deleted at any time. DEMO_PORT chooses another port.
set -eu
cd "$(dirname "$0")/.."

case_folder=examples/late-then-invalid
now=2026-11-20T10:00:00+08:00
out=out
bin=.venv/bin

say() { printf '\n\033[1m%s\033[0m\n' "$*"; }
[ -t 1 ] || say() { printf '\n%s\n' "$*"; }

# Only what an earlier run made.
mkdir -p "$out"
rm -rf "$out/late-then-invalid.zip" "$out/report.json" "$out/report.txt" "$out/letters"

say "1/5 检查 check: $case_folder"
"$bin/gongdao" case check "$case_folder" --as-of "$now" | tee "$out/report.txt"
"$bin/gongdao" case check "$case_folder" --as-of "$now" --json > "$out/report.json"

say "2/5 书面材料 letters"
"$bin/gongdao" case letters "$case_folder" --as-of "$now" --out "$out/letters"

say "3/5 封存 seal"
"$bin/gongdao" case seal "$case_folder" --as-of "$now" -o "$out/late-then-invalid.zip"

say "4/5 验证 verify"
"$bin/gongdao-verify" "$out/late-then-invalid.zip"

say "结果在 out/ · the results are in out/"
cat <<TXT
  out/report.txt              检查结果 what the check found, as shown above
  out/report.json             同上，供程序读取 the same, for programs
  out/letters/                每个渠道的书面材料 the letters, one per channel
  out/late-then-invalid.zip   卷宗，任何人都能验证 the case file, for anybody to verify

没有提交任何东西。Nothing was filed.
自己的案件 your own case:  $bin/gongdao case start 截图1.png 截图2.png 截图3.png
TXT

say "5/5 网页 pages: 示例案件 example cases"
# A data folder of its own, made anew: an earlier run's cases and keys go.
rm -rf "$out/server"
GONGDAO_DATA="$(pwd)/$out/server"
GONGDAO_PORT="${DEMO_PORT:-8000}"
GONGDAO_SANDBOX=1
export GONGDAO_DATA GONGDAO_PORT GONGDAO_SANDBOX
unset DATABASE_URL GONGDAO_PUBLIC_URL
"$bin/gongdao" serve &
server=$!
trap 'kill "$server" 2>/dev/null; wait "$server" 2>/dev/null' EXIT
trap 'exit 130' INT TERM
while true; do
  "$bin/python" - "$GONGDAO_PORT" <<'PY' && break
import sys, urllib.request
try:
    urllib.request.urlopen(f"http://127.0.0.1:{sys.argv[1]}/healthz", timeout=2)
except OSError:
    sys.exit(1)
PY
  kill -0 "$server" 2>/dev/null || { wait "$server"; exit 1; }
  sleep 0.3
done
for example in late-then-invalid topup-outside-hours already-redeemed; do
  "$bin/gongdao" case import "examples/$example" --example
done
say "市场 market: 示例商家和订单 example shops and orders"
"$bin/gongdao" demo-market
cat <<TXT

首页 the first page:  http://127.0.0.1:$GONGDAO_PORT/
用上面的链接和提取码打开示例案件；按 Ctrl-C 停止。Open the cases above with link and code; Ctrl-C stops.
TXT
wait "$server"
