import java.io.IOException;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;

// Starts Keycloak as `kc.sh start` does, in this process, so that there is no other to outlive it. Keycloak is
// configured, by these options, `java.args` and the realms in `realms/`, and otherwise untouched.
class Server {
  public static void main(String[] none) throws Exception {
    linkRealms();
    int port = port(System.getenv("PORT"));
    announce(port);
    endWithStdin();

    String[] options = {
      // What `mvn package` has built, with a database in memory.
      "start", "--optimized", "--import-realm",
      // The name by which everybody reaches it; the port is another one.
      "--hostname=https://login.passrig.test", "--http-host=127.0.0.1", "--https-port=" + port,
      "--https-certificate-file=" + System.getenv("TLS_CERT"),
      "--https-certificate-key-file=" + System.getenv("TLS_KEY"),
      // There is no other server to share a cache with.
      "--cache=local",
      "--log-level=warn",
      // Where Keycloak looks for roots of attestation as well.
      "--truststore-paths=" + System.getenv().getOrDefault("ATTESTATION_ROOTS", ""),
    };
    Class.forName("io.quarkus.bootstrap.runner.QuarkusEntryPoint").getMethod("main", String[].class)
        .invoke(null, (Object) options);
  }

  // `--import-realm` reads a folder of the distribution.
  static void linkRealms() throws IOException {
    Path link = Path.of(System.getProperty("kc.home.dir"), "data", "import");
    Files.createDirectories(link.getParent());
    try {
      Files.createSymbolicLink(link, Path.of("realms").toAbsolutePath());
    } catch (FileAlreadyExistsException it) {
      // An earlier start has made it.
    }
  }

  // Keycloak can't be asked which port it was given, so a free one is found beforehand.
  static int port(String wanted) throws IOException {
    if (wanted != null && !wanted.equals("0")) {
      return Integer.parseInt(wanted);
    }
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }

  // Stdout is for one line: when Keycloak says that it runs, which it does once the realms are there. The rest of
  // what it prints goes to stderr.
  static void announce(int port) {
    System.setProperty("kc.server.print_running", "true");
    PrintStream stdout = System.out;
    System.setOut(new PrintStream(System.err, true) {
      @Override
      public void println(String line) {
        if (line != null && line.strip().equals("The server is running")) {
          stdout.println("listening " + port);
        } else {
          super.println(line);
        }
      }
    });
  }

  static void endWithStdin() {
    Thread thread = new Thread(() -> {
      try {
        System.in.transferTo(PrintStream.nullOutputStream());
      } catch (IOException it) {
        // Whoever started it is gone as well.
      }
      // At once: everything is in memory.
      Runtime.getRuntime().halt(0);
    });
    thread.setDaemon(true);
    thread.start();
  }
}
