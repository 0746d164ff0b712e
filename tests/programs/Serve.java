/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A server of the files in www, for servers.sh: a port, and so many threads of
 * Java as there are connections.
 */
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Executors;

class Serve {
	public static void main(String[] args) throws IOException {
		int port = Integer.parseInt(args[0]);
		HttpServer server = HttpServer.create(
		    new InetSocketAddress("127.0.0.1", port), 0);

		server.setExecutor(Executors.newFixedThreadPool(8));
		server.createContext("/", exchange -> {
			Path file = Path.of("www" +
			    exchange.getRequestURI().getPath());
			boolean there = Files.isRegularFile(file);
			byte[] bytes = there ? Files.readAllBytes(file)
					     : new byte[0];
			boolean head = exchange.getRequestMethod()
			    .equals("HEAD");

			exchange.sendResponseHeaders(there ? 200 : 404,
			    head || bytes.length == 0 ? -1 : bytes.length);
			if (!head && bytes.length > 0)
				exchange.getResponseBody().write(bytes);
			exchange.close();
		});
		server.start();
	}
}
