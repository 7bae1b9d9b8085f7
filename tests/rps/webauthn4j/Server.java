/*
 * A thin relying party over com.webauthn4j:webauthn4j-core, as the quick start of the library's reference has it: its paths,
 * its form and its calls. What is the library's: the options as types, `parse…ResponseJSON` and `verify`. What is the
 * application's, as the reference shows it or leaves it open: everything else, marked below. It adds no checks of its own,
 * so that what passes here passes in the library or in its quick start.
 *
 * Passages stand in other servers, too: each folder is a project of its own, which starts without the others.
 */

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import com.webauthn4j.WebAuthnManager;
import com.webauthn4j.anchor.KeyStoreTrustAnchorRepository;
import com.webauthn4j.converter.exception.DataConversionException;
import com.webauthn4j.converter.util.ObjectConverter;
import com.webauthn4j.credential.CredentialRecord;
import com.webauthn4j.credential.CredentialRecordImpl;
import com.webauthn4j.data.*;
import com.webauthn4j.data.attestation.statement.COSEAlgorithmIdentifier;
import com.webauthn4j.data.client.Origin;
import com.webauthn4j.data.client.challenge.Challenge;
import com.webauthn4j.data.client.challenge.DefaultChallenge;
import com.webauthn4j.server.ServerProperty;
import com.webauthn4j.verifier.attestation.statement.androidkey.AndroidKeyAttestationStatementVerifier;
import com.webauthn4j.verifier.attestation.statement.androidsafetynet.AndroidSafetyNetAttestationStatementVerifier;
import com.webauthn4j.verifier.attestation.statement.apple.AppleAnonymousAttestationStatementVerifier;
import com.webauthn4j.verifier.attestation.statement.packed.PackedAttestationStatementVerifier;
import com.webauthn4j.verifier.attestation.statement.tpm.TPMAttestationStatementVerifier;
import com.webauthn4j.verifier.attestation.statement.u2f.FIDOU2FAttestationStatementVerifier;
import com.webauthn4j.verifier.attestation.trustworthiness.certpath.DefaultCertPathTrustworthinessVerifier;
import com.webauthn4j.verifier.attestation.trustworthiness.self.DefaultSelfAttestationTrustworthinessVerifier;
import com.webauthn4j.verifier.exception.VerificationException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URLDecoder;
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
import java.util.concurrent.Executors;
import java.util.stream.Stream;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;

public final class Server {
  private static final Origin ORIGIN = new Origin("https://login.passrig.test");
  private static final String RP_ID = "passrig.test";
  private static final SecureRandom RANDOM = new SecureRandom();
  private static final List<PublicKeyCredentialParameters> ALGORITHMS =
      Stream.of(
              COSEAlgorithmIdentifier.ES256,
              COSEAlgorithmIdentifier.RS256,
              COSEAlgorithmIdentifier.EdDSA,
              COSEAlgorithmIdentifier.ES384,
              COSEAlgorithmIdentifier.ES512,
              COSEAlgorithmIdentifier.RS384,
              COSEAlgorithmIdentifier.RS512,
              COSEAlgorithmIdentifier.PS256,
              COSEAlgorithmIdentifier.PS384,
              COSEAlgorithmIdentifier.PS512)
          .map(algorithm -> new PublicKeyCredentialParameters(PublicKeyCredentialType.PUBLIC_KEY, algorithm))
          .toList();

  private final ObjectConverter converter = new ObjectConverter();
  // The two that the reference's chapter on configuration has: for sites that ask for no attestation, and for those that do.
  private final WebAuthnManager lenient = WebAuthnManager.createNonStrictWebAuthnManager(converter);
  private final WebAuthnManager strict;

  private final Map<String, byte[]> users = new ConcurrentHashMap<>();
  private final Map<String, Credential> credentials = new ConcurrentHashMap<>();
  private final Map<String, Session> sessions = new ConcurrentHashMap<>();

  private Server(KeyStore roots) {
    strict =
        new WebAuthnManager(
            List.of(
                new PackedAttestationStatementVerifier(),
                new TPMAttestationStatementVerifier(),
                new AndroidKeyAttestationStatementVerifier(),
                new AndroidSafetyNetAttestationStatementVerifier(),
                new FIDOU2FAttestationStatementVerifier(),
                new AppleAnonymousAttestationStatementVerifier()),
            new DefaultCertPathTrustworthinessVerifier(new KeyStoreTrustAnchorRepository(roots)),
            new DefaultSelfAttestationTrustworthinessVerifier(),
            converter);
  }

  private record Credential(String username, CredentialRecord record) {}

  /** The application's: one ceremony of each kind may be under way in a session, and who is signed in. */
  private static final class Session {
    private PublicKeyCredentialCreationOptions creation;
    private PublicKeyCredentialRequestOptions request;
    private String username;
  }

  // What to ask for is the application's; here the page says it.
  private Answer attestationOptions(Session session, Map<String, String> query) {
    String username = query.get("username");
    session.creation =
        new PublicKeyCredentialCreationOptions(
            new PublicKeyCredentialRpEntity(RP_ID, "WebAuthn4J"),
            new PublicKeyCredentialUserEntity(
                users.computeIfAbsent(username, name -> random()), username, username),
            new DefaultChallenge(random()),
            ALGORITHMS,
            null,
            descriptors(username),
            new AuthenticatorSelectionCriteria(
                null, true, ResidentKeyRequirement.REQUIRED, userVerification(query)),
            null,
            AttestationConveyancePreference.create(query.get("attestation")),
            null,
            null);
    return new Answer(200, session.creation);
  }

  private Answer register(Session session, Map<String, String> form) {
    // The application's: used up, whether the verification succeeds or fails.
    PublicKeyCredentialCreationOptions options = session.creation;
    session.creation = null;
    if (options == null) {
      return Answer.refused("no registration under way");
    }
    boolean asked = options.getAttestation().equals(AttestationConveyancePreference.DIRECT);
    WebAuthnManager manager = asked ? strict : lenient;
    RegistrationData data;
    try {
      data = manager.parseRegistrationResponseJSON(form.get("registrationResponseJSON"));
      boolean verified =
          options.getAuthenticatorSelection().getUserVerification().equals(UserVerificationRequirement.REQUIRED);
      manager.verify(
          data,
          new RegistrationParameters(server(options.getChallenge()), options.getPubKeyCredParams(), verified, true));
    } catch (DataConversionException | VerificationException error) {
      return Answer.refused(error.getMessage());
    }
    CredentialRecord record =
        new CredentialRecordImpl(
            data.getAttestationObject(),
            data.getCollectedClientData(),
            data.getClientExtensions(),
            data.getTransports());
    // `save(credentialRecord)` of the quick start: under the id, whether there is one already or not.
    credentials.put(
        id(record.getAttestedCredentialData().getCredentialId()),
        new Credential(options.getUser().getName(), record));
    return new Answer(200, Map.of("verified", true));
  }

  private Answer assertionOptions(Session session, Map<String, String> query) {
    String username = query.get("username");
    session.request =
        new PublicKeyCredentialRequestOptions(
            new DefaultChallenge(random()),
            null,
            RP_ID,
            username == null ? null : descriptors(username),
            userVerification(query),
            null);
    return new Answer(200, session.request);
  }

  private Answer authenticate(HttpExchange exchange, Session session, String body) {
    // The application's, as at registration.
    PublicKeyCredentialRequestOptions options = session.request;
    session.request = null;
    if (options == null) {
      return Answer.refused("no authentication under way");
    }
    AuthenticationData data;
    Credential credential;
    try {
      data = lenient.parseAuthenticationResponseJSON(body);
      // `load(credentialId)` of the quick start; the user handle is not looked at.
      credential = data.getCredentialId() == null ? null : credentials.get(id(data.getCredentialId()));
      if (credential == null) {
        return Answer.refused("unknown credential");
      }
      List<PublicKeyCredentialDescriptor> allowed = options.getAllowCredentials();
      lenient.verify(
          data,
          new AuthenticationParameters(
              server(options.getChallenge()),
              credential.record,
              allowed == null ? null : allowed.stream().map(PublicKeyCredentialDescriptor::getId).toList(),
              options.getUserVerification().equals(UserVerificationRequirement.REQUIRED),
              true));
    } catch (DataConversionException | VerificationException error) {
      return Answer.refused(error.getMessage());
    }
    // "counter, uvInitialized and backedUp" are what the reference has updated.
    var authenticator = data.getAuthenticatorData();
    credential.record.setCounter(authenticator.getSignCount());
    credential.record.setBackedUp(authenticator.isFlagBS());
    if (authenticator.isFlagUV()) {
      credential.record.setUvInitialized(true);
    }
    begin(exchange).username = credential.username;
    return new Answer(200, Map.of("verified", true));
  }

  private static ServerProperty server(Challenge challenge) {
    return ServerProperty.builder().origin(ORIGIN).rpId(RP_ID).challenge(challenge).build();
  }

  private static UserVerificationRequirement userVerification(Map<String, String> query) {
    return UserVerificationRequirement.create(query.get("userVerification"));
  }

  private List<PublicKeyCredentialDescriptor> descriptors(String username) {
    return records(username)
        .map(
            record ->
                new PublicKeyCredentialDescriptor(
                    PublicKeyCredentialType.PUBLIC_KEY,
                    record.getAttestedCredentialData().getCredentialId(),
                    record.getTransports()))
        .toList();
  }

  private Stream<CredentialRecord> records(String username) {
    return credentials.values().stream()
        .filter(credential -> credential.username.equals(username))
        .map(Credential::record);
  }

  private static String id(byte[] bytes) {
    return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
  }

  private static byte[] random() {
    byte[] bytes = new byte[32];
    RANDOM.nextBytes(bytes);
    return bytes;
  }

  // Ours from here on: who is signed in and what there is, and HTTPS on the loopback, the port announced on stdout, gone when
  // whoever started it is gone.

  private Answer account(Session session) {
    return session.username == null ? new Answer(401, null) : new Answer(200, Map.of("username", session.username));
  }

  private Answer list(Map<String, String> query) {
    Stream<byte[]> ids = records(query.get("username")).map(record -> record.getAttestedCredentialData().getCredentialId());
    return new Answer(200, ids.map(Server::id).toList());
  }

  private record Answer(int status, Object body) {
    static Answer refused(String message) {
      return new Answer(400, Map.of("error", String.valueOf(message)));
    }
  }

  private Session begin(HttpExchange exchange) {
    String key = id(random());
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

  private static Map<String, String> fields(String text) {
    Map<String, String> fields = new HashMap<>();
    for (String field : Optional.ofNullable(text).orElse("").split("&")) {
      String[] pair = field.split("=", 2);
      if (pair.length == 2) {
        fields.put(decode(pair[0]), decode(pair[1]));
      }
    }
    return fields;
  }

  private static String decode(String text) {
    return URLDecoder.decode(text, StandardCharsets.UTF_8);
  }

  private Answer route(HttpExchange exchange) throws Exception {
    String body = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
    Map<String, String> query = fields(exchange.getRequestURI().getRawQuery());
    Session session = session(exchange);
    return switch (exchange.getRequestMethod() + " " + exchange.getRequestURI().getPath()) {
      case "GET /passkeys/attestationOptions" -> attestationOptions(session, query);
      case "POST /register" -> register(session, fields(body));
      case "GET /passkeys/assertionOptions" -> assertionOptions(session, query);
      case "POST /passkeys/authenticate" -> authenticate(exchange, session, body);
      case "GET /account" -> account(session);
      case "GET /passkeys" -> list(query);
      default -> new Answer(404, null);
    };
  }

  private void serve(HttpExchange exchange) throws IOException {
    try (exchange) {
      Answer answer;
      try {
        answer = route(exchange);
      } catch (Exception error) {
        error.printStackTrace();
        answer = new Answer(500, null);
      }
      byte[] body = answer.body == null ? new byte[0] : converter.getJsonMapper().writeValueAsBytes(answer.body);
      exchange.getResponseHeaders().set("Content-Type", "application/json");
      exchange.sendResponseHeaders(answer.status, body.length == 0 ? -1 : body.length);
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
    https.createContext("/", new Server(roots())::serve);
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
    KeyStore store = emptyStore();
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

  // Whom to trust in attestation.
  private static KeyStore roots() throws Exception {
    CertificateFactory factory = CertificateFactory.getInstance("X.509");
    KeyStore roots = emptyStore();
    try (var files = Files.newDirectoryStream(Path.of(System.getenv("ATTESTATION_ROOTS")))) {
      for (Path file : files) {
        Certificate root = factory.generateCertificate(new ByteArrayInputStream(Files.readAllBytes(file)));
        roots.setCertificateEntry(file.getFileName().toString(), root);
      }
    }
    return roots;
  }

  private static KeyStore emptyStore() throws Exception {
    KeyStore store = KeyStore.getInstance("PKCS12");
    store.load(null, null);
    return store;
  }
}
