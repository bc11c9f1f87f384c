# Runs a command and says how long it took: sh tools/timed.sh "TypeScript" npm test
name=$1
shift
began=$(date +%s)
"$@"
code=$?
echo "$name: $(($(date +%s) - began)) s"
exit $code
