#!/usr/bin/env bash
# What the tests of JavaScript and of the explorer use: Node, Chromium, TypeScript, and Binaryen, which makes the files for
# WebAssembly smaller. Called by Tests/web/run.sh.
exec "$(dirname "${BASH_SOURCE[0]}")/debian.sh" node:nodejs chromium:chromium wasm-opt:binaryen tsc:node-typescript
