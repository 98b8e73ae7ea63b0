#!/bin/sh
# Says hello to whom the configuration names.
echo "Hello, ${HELLO_NAME:-world}!"
