# One line per disk, marked when it is fuller than it should be.
format_line() {
    if [ "$2" -ge "$FULL_AT" ] 2>/dev/null; then
        echo "$1 is full: $2 %"
    else
        echo "$1 has room: $2 %"
    fi
}
