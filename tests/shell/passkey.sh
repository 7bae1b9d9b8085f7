#!/bin/sh
# Registers a passkey with the example server of SimpleWebAuthn and logs in with
# it, using nothing but curl, jq and `passrig authenticator`.
#
#   tests/shell/passkey.sh ORIGIN [ARGUMENTS OF CURL]
#
# PASSRIG names the program, PASSRIG_STORE the file of the passkeys.
set -eu

origin=$1
shift
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

ask() { # PATH [ARGUMENTS OF CURL]
    path=$1
    shift
    curl --silent --show-error --fail-with-body --max-time 30 \
        --cookie "$folder/cookies" --cookie-jar "$folder/cookies" "$@" "$origin$path"
}

ceremony() { # VERB BEGIN FINISH [ARGUMENTS OF CURL]
    verb=$1 begin=$2 finish=$3
    shift 3
    ask "$begin" "$@" >"$folder/options"
    "${PASSRIG:-passrig}" authenticator "$verb" --origin "$origin" \
        <"$folder/options" >"$folder/response"
    ask "$finish" "$@" --header 'content-type: application/json' \
        --data-binary @"$folder/response" | jq --exit-status '.verified == true' >"$folder/verdict"
    echo "$verb: $(jq --raw-output .id "$folder/response")"
}

ceremony create /generate-registration-options /verify-registration "$@"
ceremony get /generate-authentication-options /verify-authentication "$@"
