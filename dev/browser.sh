#!/usr/bin/env bash
# Prints the path of Chromium or Chrome, under any of their usual names; nothing where none is installed.
for name in chromium chromium-browser google-chrome google-chrome-stable; do type -P "$name" && exit; done
exit 0
