/*
 * A thin relying party over com.yubico:webauthn-server-core, in the shape of the library's README: an account has a
 * password first, a passkey is added to it, and whoever signs in by passkey says a name before ("Getting started", 1 to 4).
 * What is the library's: `RelyingParty`, and reading a response. What is the application's, as the README shows it:
 * everything else. Who is signed in is whom `AssertionResult.getUsername()` names, as there.
 *
 * Passages stand in other servers, too: each folder is a project of its own, which starts without the others.
 */

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import com.yubico.internal.util.JacksonCodecs;
import com.yubico.webauthn.*;
import com.yubico.webauthn.data.*;
import com.yubico.webauthn.exception.AssertionFailedException;
import com.yubico.webauthn.exception.RegistrationFailedException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.SecureRandom;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.*;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executors;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;

public final class Server {
  private static final SecureRandom RANDOM = new SecureRandom();

  private final ObjectMapper json = JacksonCodecs.json();
  private final Set<String> accounts = ConcurrentHashMap.newKeySet();
  private final Map<String, Session> sessions = new ConcurrentHashMap<>();
  private final Storage storage = new Storage();
  private final RelyingParty rp =
      RelyingParty.builder()
          .identity(RelyingPartyIdentity.builder().id("passrig.test").name("Example Application").build())
          .credentialRepository(storage)
          .origins(Set.of("https://login.passrig.test"))
          .build();

  /** "Temporary storage" for one ceremony of each kind, and who is signed in. */
  private static final class Session {
    private PublicKeyCredentialCreationOptions creation;
    private AssertionRequest assertion;
    private String username;
  }

  private Answer signUp(HttpExchange exchange, String body) throws IOException {
    String username = json.readValue(body, NAMED).get("username");
    if (!accounts.add(username)) {
      return Answer.refused("the name is taken");
    }
    begin(exchange).username = username;
    return Answer.ok(Map.of("username", username));
  }

  private Answer startRegistration(Session session) throws IOException {
    if (session.username == null) {
      return new Answer(401, "{}");
    }
    session.creation =
        rp.startRegistration(
            StartRegistrationOptions.builder()
                .user(
                    storage
                        .findExistingUser(session.username)
                        .orElseGet(
                            () ->
                                UserIdentity.builder()
                                    .name(session.username)
                                    .displayName(session.username)
                                    .id(random(64))
                                    .build()))
                // "Passkeys can be created by setting the `residentKey` option".
                .authenticatorSelection(
                    AuthenticatorSelectionCriteria.builder().residentKey(ResidentKeyRequirement.REQUIRED).build())
                .build());
    return new Answer(200, session.creation.toCredentialsCreateJson());
  }

  private Answer finishRegistration(Session session, String body) throws IOException {
    PublicKeyCredentialCreationOptions request = session.creation;
    session.creation = null;
    if (request == null) {
      return Answer.refused("no registration under way");
    }
    try {
      var credential = PublicKeyCredential.parseRegistrationResponseJson(body);
      RegistrationResult result =
          rp.finishRegistration(FinishRegistrationOptions.builder().request(request).response(credential).build());
      storage.add(
          new Registration(
              request.getUser(),
              result.getKeyId(),
              RegisteredCredential.builder()
                  .credentialId(result.getKeyId().getId())
                  .userHandle(request.getUser().getId())
                  .publicKeyCose(result.getPublicKeyCose())
                  .signatureCount(result.getSignatureCount())
                  .backupEligible(result.isBackupEligible())
                  .backupState(result.isBackedUp())
                  .build()));
      return Answer.ok(Map.of("registered", true));
    } catch (RegistrationFailedException error) {
      return Answer.refused(error.getMessage());
    }
  }

  private Answer startAuthentication(Session session, String body) throws IOException {
    String username = json.readValue(body, NAMED).get("username");
    session.assertion = rp.startAssertion(StartAssertionOptions.builder().username(username).build());
    return new Answer(200, session.assertion.toCredentialsGetJson());
  }

  private Answer finishAuthentication(HttpExchange exchange, Session session, String body) throws IOException {
    AssertionRequest request = session.assertion;
    session.assertion = null;
    if (request == null) {
      return Answer.refused("no authentication under way");
    }
    try {
      var credential = PublicKeyCredential.parseAssertionResponseJson(body);
      AssertionResult result =
          rp.finishAssertion(FinishAssertionOptions.builder().request(request).response(credential).build());
      if (result.isSuccess()) {
        storage.update(result);
        begin(exchange).username = result.getUsername();
        return Answer.ok(Map.of("username", result.getUsername()));
      }
    } catch (AssertionFailedException error) {
      return Answer.refused(error.getMessage());
    }
    return Answer.refused("Authentication failed");
  }

  private record Registration(UserIdentity user, PublicKeyCredentialDescriptor key, RegisteredCredential credential) {
    boolean has(ByteArray credentialId) {
      return credential.getCredentialId().equals(credentialId);
    }
  }

  /** In the manner of `InMemoryRegistrationStorage`, which the README names as an example: it knows who has a credential. */
  private static final class Storage implements CredentialRepository {
    private final Queue<Registration> registrations = new ConcurrentLinkedQueue<>();

    void add(Registration registration) {
      registrations.add(registration);
    }

    void update(AssertionResult result) {
      all(result.getCredential().getCredentialId())
          .toList()
          .forEach(
              old -> {
                var credential =
                    old.credential.toBuilder()
                        .signatureCount(result.getSignatureCount())
                        .backupState(result.isBackedUp())
                        .build();
                registrations.remove(old);
                registrations.add(new Registration(old.user, old.key, credential));
              });
    }

    Optional<UserIdentity> findExistingUser(String username) {
      return of(username).findAny().map(Registration::user);
    }

    private Stream<Registration> of(String username) {
      return registrations.stream().filter(registration -> registration.user.getName().equals(username));
    }

    private Stream<Registration> all(ByteArray credentialId) {
      return registrations.stream().filter(registration -> registration.has(credentialId));
    }

    @Override
    public Set<PublicKeyCredentialDescriptor> getCredentialIdsForUsername(String username) {
      return of(username).map(Registration::key).collect(Collectors.toSet());
    }

    @Override
    public Optional<ByteArray> getUserHandleForUsername(String username) {
      return findExistingUser(username).map(UserIdentity::getId);
    }

    @Override
    public Optional<String> getUsernameForUserHandle(ByteArray userHandle) {
      return registrations.stream()
          .map(Registration::user)
          .filter(user -> user.getId().equals(userHandle))
          .findAny()
          .map(UserIdentity::getName);
    }

    @Override
    public Optional<RegisteredCredential> lookup(ByteArray credentialId, ByteArray userHandle) {
      return all(credentialId)
          .map(Registration::credential)
          .filter(credential -> credential.getUserHandle().equals(userHandle))
          .findAny();
    }

    @Override
    public Set<RegisteredCredential> lookupAll(ByteArray credentialId) {
      return all(credentialId).map(Registration::credential).collect(Collectors.toSet());
    }
  }

  private static ByteArray random(int length) {
    byte[] bytes = new byte[length];
    RANDOM.nextBytes(bytes);
    return new ByteArray(bytes);
  }

  // Ours from here on: sessions, and HTTPS on the loopback, the port announced on stdout, gone when whoever started it is
  // gone. Nobody signs in by password here, so none is kept.

  private static final TypeReference<Map<String, String>> NAMED = new TypeReference<>() {};

  private record Answer(int status, String body) {
    static Answer ok(Map<String, ?> body) throws IOException {
      return new Answer(200, JacksonCodecs.json().writeValueAsString(body));
    }

    static Answer refused(String message) throws IOException {
      return new Answer(400, JacksonCodecs.json().writeValueAsString(Map.of("error", String.valueOf(message))));
    }
  }

  private Session begin(HttpExchange exchange) {
    String key = random(32).getBase64Url();
    exchange.getResponseHeaders().add("Set-Cookie", "session=" + key + "; Path=/; Secure; HttpOnly; SameSite=Lax");
    Session session = new Session();
    sessions.put(key, session);
    return session;
  }

  private Session session(HttpExchange exchange) {
    String cookies = Optional.ofNullable(exchange.getRequestHeaders().getFirst("Cookie")).orElse("");
    return Arrays.stream(cookies.split("; *"))
        .filter(cookie -> cookie.startsWith("session="))
        .map(cookie -> sessions.get(cookie.substring("session=".length())))
        .filter(Objects::nonNull)
        .findFirst()
        .orElseGet(() -> begin(exchange));
  }

  private Answer account(Session session) throws IOException {
    return session.username == null ? new Answer(401, "{}") : Answer.ok(Map.of("username", session.username));
  }

  private Answer route(HttpExchange exchange) throws IOException {
    String body = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
    Session session = session(exchange);
    return switch (exchange.getRequestMethod() + " " + exchange.getRequestURI().getPath()) {
      case "POST /sign-up" -> signUp(exchange, body);
      case "POST /registration/start" -> startRegistration(session);
      case "POST /registration/finish" -> finishRegistration(session, body);
      case "POST /authentication/start" -> startAuthentication(session, body);
      case "POST /authentication/finish" -> finishAuthentication(exchange, session, body);
      case "GET /account" -> account(session);
      default -> new Answer(404, "{}");
    };
  }

  private void serve(HttpExchange exchange) throws IOException {
    try (exchange) {
      Answer answer;
      try {
        answer = route(exchange);
      } catch (IOException | RuntimeException error) {
        error.printStackTrace();
        answer = new Answer(500, "{}");
      }
      byte[] body = answer.body.getBytes(StandardCharsets.UTF_8);
      exchange.getResponseHeaders().set("Content-Type", "application/json");
      exchange.sendResponseHeaders(answer.status, body.length);
      exchange.getResponseBody().write(body);
    }
  }

  public static void main(String[] arguments) throws Exception {
    // Or each small answer waits for the acknowledgement of the one before.
    System.setProperty("sun.net.httpserver.nodelay", "true");
    int port = Integer.parseInt(Optional.ofNullable(System.getenv("PORT")).orElse("0"));
    HttpsServer https = HttpsServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 0);
    https.setHttpsConfigurator(new HttpsConfigurator(tls()));
    https.setExecutor(Executors.newFixedThreadPool(8));
    https.createContext("/", new Server()::serve);
    https.start();
    System.out.println("listening " + https.getAddress().getPort());
    System.in.transferTo(OutputStream.nullOutputStream());
    System.exit(0);
  }

  private static SSLContext tls() throws Exception {
    Collection<? extends Certificate> chain;
    try (InputStream file = Files.newInputStream(Path.of(System.getenv("TLS_CERT")))) {
      chain = CertificateFactory.getInstance("X.509").generateCertificates(file);
    }
    String pem = Files.readString(Path.of(System.getenv("TLS_KEY")));
    byte[] key = Base64.getMimeDecoder().decode(pem.replaceAll("-----[^-]*-----", ""));
    KeyStore store = KeyStore.getInstance("PKCS12");
    store.load(null, null);
    store.setKeyEntry(
        "server",
        KeyFactory.getInstance("EC").generatePrivate(new PKCS8EncodedKeySpec(key)),
        new char[0],
        chain.toArray(Certificate[]::new));
    KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
    keys.init(store, new char[0]);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(keys.getKeyManagers(), null, null);
    return context;
  }
}
