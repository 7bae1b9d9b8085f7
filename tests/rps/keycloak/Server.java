import java.io.IOException;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509ExtendedTrustManager;

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

  // Stdout is for one line: when every realm answers. The rest of what Keycloak prints goes to stderr.
  static void announce(int port) throws Exception {
    PrintStream stdout = System.out;
    System.setOut(System.err);
    List<String> realms = new ArrayList<>();
    try (var files = Files.newDirectoryStream(Path.of("realms"), "*.json")) {
      files.forEach(file -> realms.add(file.getFileName().toString().replace(".json", "")));
    }
    HttpClient client = HttpClient.newBuilder().sslContext(trusting()).build();
    Thread thread = new Thread(() -> {
      while (!realms.stream().allMatch(realm -> answers(client, "https://127.0.0.1:" + port + "/realms/" + realm))) {
        LockSupport.parkNanos(200_000_000);
      }
      stdout.println("listening " + port);
    });
    thread.setDaemon(true);
    thread.start();
  }

  static boolean answers(HttpClient client, String url) {
    try {
      HttpRequest request = HttpRequest.newBuilder(URI.create(url)).timeout(Duration.ofSeconds(10)).build();
      return client.send(request, HttpResponse.BodyHandlers.discarding()).statusCode() == 200;
    } catch (IOException | InterruptedException it) {
      return false;
    }
  }

  // It is this process that is asked, by another name than that in the certificate.
  static SSLContext trusting() throws Exception {
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(null, new TrustManager[] {new X509ExtendedTrustManager() {
      @Override
      public void checkClientTrusted(X509Certificate[] chain, String type, Socket socket) {}

      @Override
      public void checkServerTrusted(X509Certificate[] chain, String type, Socket socket) {}

      @Override
      public void checkClientTrusted(X509Certificate[] chain, String type, SSLEngine engine) {}

      @Override
      public void checkServerTrusted(X509Certificate[] chain, String type, SSLEngine engine) {}

      @Override
      public void checkClientTrusted(X509Certificate[] chain, String type) {}

      @Override
      public void checkServerTrusted(X509Certificate[] chain, String type) {}

      @Override
      public X509Certificate[] getAcceptedIssuers() {
        return new X509Certificate[0];
      }
    }}, null);
    return context;
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
