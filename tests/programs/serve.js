// SPDX-License-Identifier: BSD-2-Clause
//
// A server of the files in www, for servers.sh: the argument is a port.

const fs = require("fs");
const http = require("http");
const zlib = require("zlib");

const server = http.createServer((request, response) => {
	const path = "www" + new URL(request.url, "http://x").pathname;

	fs.readFile(path, (error, bytes) => {
		if (error) {
			response.writeHead(404);
			response.end();
			return;
		}
		// Work for the threads of libuv.
		zlib.gzip(bytes, (_, packed) => zlib.gunzip(packed, (_, same) => {
			response.writeHead(200, { "Content-Length": same.length });
			response.end(same);
		}));
	});
});
server.listen(Number(process.argv[2]), "127.0.0.1");
process.on("SIGTERM", () => process.exit(3));
