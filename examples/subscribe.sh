#!/bin/sh
# Prints every word that a running daemon hears.  Needs: kws and jq.
set -eu

kws subscribe --json --topic kws/detection/ |
    jq --unbuffered --raw-output '"\(.keyword) (\(.score)) ended at sample \(.end)"'
