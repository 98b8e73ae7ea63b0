#!/bin/bash
# Runs a program with the settings of one configuration:
#   CONFIG=/etc/trebuchet/NAME.conf {{ full_name }}

if [ -z "${CONFIG:-}" ] || [ ! -f "$CONFIG" ]; then
    if [ -z "${CONFIG:-}" ]; then
        echo "The variable CONFIG is not set; it names the configuration to run with." >&2
    else
        echo "There is no configuration file $CONFIG." >&2
    fi
    for known in /etc/trebuchet/*.conf; do
        [ -f "$known" ] && echo "Try: CONFIG=$known $0" >&2
    done
    exit 1
fi

# Without a slash the shell would look along PATH.
case "$CONFIG" in
    */*) . "$CONFIG" ;;
    *) . "./$CONFIG" ;;
esac

if [ -f /etc/trebuchet/local_override ]; then
    . /etc/trebuchet/local_override
fi

cd {{ app_code|shquote }} || exit 1

if [ -n "${LOCALE:-}" ]; then
    export LANG="$LOCALE" LANGUAGE="$LOCALE" LC_ALL="$LOCALE"
    export LC_CTYPE="$LOCALE" LC_NUMERIC="$LOCALE" LC_TIME="$LOCALE" LC_COLLATE="$LOCALE"
    export LC_MONETARY="$LOCALE" LC_MESSAGES="$LOCALE" LC_PAPER="$LOCALE" LC_NAME="$LOCALE"
    export LC_ADDRESS="$LOCALE" LC_TELEPHONE="$LOCALE" LC_MEASUREMENT="$LOCALE"
    export LC_IDENTIFICATION="$LOCALE"
fi

{% block command_body %}{% endblock %}
