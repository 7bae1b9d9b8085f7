/*
 * A thin relying party over com.yubico:webauthn-server-core, in the shape of the library's own demo: the same paths, forms,
 * request ids, session tokens and answers. What is the library's: `RelyingParty`, and reading a response. What is the
 * application's, as the demo or the library's README shows it: everything else, marked below. It adds no checks of its
 * own, so that what passes here passes in the library or in its demo.
 *
 * Passages stand in other servers, too: each folder is a project of its own, which starts without the others.
 */

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.google.common.cache.Cache;
import com.google.common.cache.CacheBuilder;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import com.yubico.internal.util.JacksonCodecs;
import com.yubico.webauthn.*;
import com.yubico.webauthn.attestation.AttestationTrustSource;
import com.yubico.webauthn.attestation.AttestationTrustSource.TrustRootsResult;
import com.yubico.webauthn.data.*;
import com.yubico.webauthn.data.exception.Base64UrlException;
import com.yubico.webauthn.exception.AssertionFailedException;
import com.yubico.webauthn.exception.RegistrationFailedException;
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
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.*;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;

public final class Server {
  private static final String ORIGIN = "https://login.passrig.test";
  private static final SecureRandom RANDOM = new SecureRandom();

  private final ObjectMapper json = JacksonCodecs.json();
  private final Storage storage = new Storage();
  private final Sessions sessions = new Sessions();
  private final Cache<ByteArray, RegistrationRequest> registrations = cache(10);
  private final Cache<ByteArray, AuthenticationRequest> authentications = cache(10);
  private final RelyingParty rp;

  private Server(AttestationTrustSource roots) {
    rp =
        RelyingParty.builder()
            .identity(RelyingPartyIdentity.builder().id("passrig.test").name("Yubico WebAuthn demo").build())
            .credentialRepository(storage)
            .origins(Set.of(ORIGIN))
            .attestationConveyancePreference(Optional.of(AttestationConveyancePreference.DIRECT))
            .attestationTrustSource(roots)
            .allowOriginPort(false)
            .allowOriginSubdomain(false)
            .allowUntrustedAttestation(true)
            .validateSignatureCounter(true)
            .build();
  }

  private record RegistrationRequest(
      String username,
      Optional<String> credentialNickname,
      ByteArray requestId,
      PublicKeyCredentialCreationOptions publicKeyCredentialCreationOptions,
      ByteArray sessionToken) {}

  private record AuthenticationRequest(ByteArray requestId, AssertionRequest request) {}

  @JsonIgnoreProperties({"sessionToken"})
  private record RegistrationResponse(
      @JsonProperty("requestId") ByteArray requestId,
      @JsonProperty("credential")
          PublicKeyCredential<AuthenticatorAttestationResponse, ClientRegistrationExtensionOutputs> credential) {}

  @JsonIgnoreProperties({"sessionToken"})
  private record AuthenticationResponse(
      @JsonProperty("requestId") ByteArray requestId,
      @JsonProperty("credential")
          PublicKeyCredential<AuthenticatorAssertionResponse, ClientAssertionExtensionOutputs> credential) {}

  private Answer startRegistration(Map<String, String> form) throws Exception {
    String username = given(form, "username");
    // The application's: a name that has credentials is its owner's; one without is whoever's who asks.
    Optional<UserIdentity> known = storage.of(username).stream().findAny().map(Registration::user);
    Optional<ByteArray> token = token(form);
    if (known.isPresent() && !sessions.isOf(known.get().getId(), token)) {
      return Answer.refused("The username \"" + username + "\" is already registered.");
    }
    UserIdentity user =
        known.orElseGet(
            () ->
                UserIdentity.builder()
                    .name(username)
                    .displayName(given(form, "displayName"))
                    .id(random())
                    .build());
    boolean resident = Boolean.parseBoolean(form.get("requireResidentKey"));
    RegistrationRequest request =
        new RegistrationRequest(
            username,
            Optional.ofNullable(form.get("credentialNickname")),
            random(),
            rp.startRegistration(
                StartRegistrationOptions.builder()
                    .user(user)
                    .authenticatorSelection(
                        AuthenticatorSelectionCriteria.builder()
                            .residentKey(resident ? ResidentKeyRequirement.REQUIRED : ResidentKeyRequirement.DISCOURAGED)
                            .build())
                    .build()),
            // The application's: a session for a user who is not registered yet.
            sessions.begin(user.getId()));
    registrations.put(request.requestId, request);
    return Answer.ok(Map.of("success", true, "request", request));
  }

  private Answer finishRegistration(String body) {
    RegistrationResponse response;
    try {
      response = json.readValue(body, RegistrationResponse.class);
    } catch (IOException error) {
      return Answer.refused("Registration failed!", "Failed to decode response object.", error.getMessage());
    }
    // The application's: used up, whether the verification succeeds or fails. Two calls, so two responses at once may both
    // find it.
    RegistrationRequest request = registrations.getIfPresent(response.requestId);
    registrations.invalidate(response.requestId);
    if (request == null) {
      return Answer.refused("Registration failed!", "No such registration in progress.");
    }
    try {
      var result =
          rp.finishRegistration(
              FinishRegistrationOptions.builder()
                  .request(request.publicKeyCredentialCreationOptions)
                  .response(response.credential)
                  .build());
      UserIdentity user = request.publicKeyCredentialCreationOptions.getUser();
      if (!storage.of(request.username).isEmpty() && !sessions.isOf(user.getId(), Optional.of(request.sessionToken))) {
        throw new RegistrationFailedException(
            new IllegalArgumentException(String.format("User %s already exists", request.username)));
      }
      storage.add(
          new Registration(
              user,
              result.getKeyId().getTransports().orElseGet(TreeSet::new),
              RegisteredCredential.builder()
                  .credentialId(result.getKeyId().getId())
                  .userHandle(user.getId())
                  .publicKeyCose(result.getPublicKeyCose())
                  .signatureCount(result.getSignatureCount())
                  // As the README stores it; the demo leaves the next two out.
                  .backupEligible(result.isBackupEligible())
                  .backupState(result.isBackedUp())
                  .build()));
      // Of the demo's answer what says who is signed in; it has the request, the response and what was registered too.
      return Answer.ok(
          Map.of(
              "success", true,
              "attestationTrusted", result.isAttestationTrusted(),
              "username", request.username,
              "sessionToken", sessions.begin(user.getId())));
    } catch (RegistrationFailedException error) {
      return Answer.refused("Registration failed!", error.getMessage());
    } catch (Exception error) {
      // The application's: whatever else the library throws is a refusal too.
      return Answer.refused("Registration failed unexpectedly; this is likely a bug.", error.getMessage());
    }
  }

  private Answer startAuthentication(Map<String, String> form) {
    Optional<String> username = Optional.ofNullable(form.get("username"));
    // The application's: an unknown user is told from a known one.
    if (username.isPresent() && storage.of(username.get()).isEmpty()) {
      return Answer.refused("The username \"" + username.get() + "\" is not registered.");
    }
    AuthenticationRequest request =
        new AuthenticationRequest(
            random(), rp.startAssertion(StartAssertionOptions.builder().username(username).build()));
    authentications.put(request.requestId, request);
    PublicKeyCredentialRequestOptions options = request.request.getPublicKeyCredentialRequestOptions();
    return Answer.ok(
        Map.of(
            "success", true,
            "request",
                Map.of(
                    "requestId", request.requestId,
                    "publicKeyCredentialRequestOptions", options,
                    "username", username)));
  }

  private Answer finishAuthentication(String body) {
    AuthenticationResponse response;
    try {
      response = json.readValue(body, AuthenticationResponse.class);
    } catch (IOException error) {
      return Answer.refused("Assertion failed!", "Failed to decode response object.", error.getMessage());
    }
    // The application's, as at registration.
    AuthenticationRequest request = authentications.getIfPresent(response.requestId);
    authentications.invalidate(response.requestId);
    if (request == null) {
      return Answer.refused("Assertion failed!", "No such assertion in progress.");
    }
    try {
      var result =
          rp.finishAssertion(
              FinishAssertionOptions.builder().request(request.request).response(response.credential).build());
      if (!result.isSuccess()) {
        return Answer.refused("Assertion failed: Invalid assertion.");
      }
      storage.update(result);
      return Answer.ok(
          Map.of(
              "success", true,
              "username", result.getUsername(),
              "sessionToken", sessions.begin(result.getCredential().getUserHandle())));
    } catch (AssertionFailedException error) {
      return Answer.refused("Assertion failed!", error.getMessage());
    } catch (Exception error) {
      return Answer.refused("Assertion failed unexpectedly; this is likely a bug.", error.getMessage());
    }
  }

  private Answer deregister(Map<String, String> form) throws Base64UrlException {
    ByteArray id = ByteArray.fromBase64Url(given(form, "credentialId"));
    // The demo's page sends the text "null" where it has no token, which is as good as none.
    Optional<ByteArray> user = token(form).flatMap(sessions::user);
    if (user.isEmpty()) {
      return Answer.refused("Invalid session");
    }
    Optional<String> username = storage.getUsernameForUserHandle(user.get());
    if (username.isEmpty()) {
      return Answer.refused("Invalid user handle");
    }
    if (!storage.of(username.get()).removeIf(registration -> registration.id().equals(id))) {
      return Answer.refused("Credential ID not registered:" + id);
    }
    return Answer.ok(Map.of("success", true, "accountDeleted", storage.of(username.get()).isEmpty()));
  }

  // The application's: nobody is asked whether the account is theirs.
  private Answer deleteAccount(Map<String, String> form) {
    String username = given(form, "username");
    storage.users.remove(username);
    return Answer.ok(Map.of("success", true, "deletedAccount", username));
  }

  private record Registration(
      UserIdentity user, SortedSet<AuthenticatorTransport> transports, RegisteredCredential credential) {
    ByteArray id() {
      return credential.getCredentialId();
    }
  }

  /** The application's, by the interface that the README begins with. */
  private static final class Storage implements CredentialRepository {
    private final Map<String, List<Registration>> users = new ConcurrentHashMap<>();

    Collection<Registration> of(String username) {
      return users.computeIfAbsent(username, name -> new CopyOnWriteArrayList<>());
    }

    void add(Registration registration) {
      of(registration.user.getName()).add(registration);
    }

    void update(AssertionResult result) {
      RegisteredCredential credential = result.getCredential();
      var updated =
          credential.toBuilder().signatureCount(result.getSignatureCount()).backupState(result.isBackedUp()).build();
      users
          .get(result.getUsername())
          .replaceAll(
              registration ->
                  registration.id().equals(credential.getCredentialId())
                      ? new Registration(registration.user, registration.transports, updated)
                      : registration);
    }

    private Stream<Registration> all() {
      return users.values().stream().flatMap(Collection::stream);
    }

    @Override
    public Set<PublicKeyCredentialDescriptor> getCredentialIdsForUsername(String username) {
      return of(username).stream()
          .map(
              registration ->
                  PublicKeyCredentialDescriptor.builder()
                      .id(registration.id())
                      .transports(registration.transports)
                      .build())
          .collect(Collectors.toSet());
    }

    @Override
    public Optional<ByteArray> getUserHandleForUsername(String username) {
      return of(username).stream().findAny().map(registration -> registration.user.getId());
    }

    @Override
    public Optional<String> getUsernameForUserHandle(ByteArray userHandle) {
      return all()
          .filter(registration -> registration.user.getId().equals(userHandle))
          .findAny()
          .map(registration -> registration.user.getName());
    }

    @Override
    public Optional<RegisteredCredential> lookup(ByteArray credentialId, ByteArray userHandle) {
      return lookupAll(credentialId).stream()
          .filter(credential -> credential.getUserHandle().equals(userHandle))
          .findAny();
    }

    @Override
    public Set<RegisteredCredential> lookupAll(ByteArray credentialId) {
      return all()
          .map(Registration::credential)
          .filter(credential -> credential.getCredentialId().equals(credentialId))
          .collect(Collectors.toSet());
    }
  }

  /** The application's: one token for each user, as long as it is used. */
  private static final class Sessions {
    private final Cache<ByteArray, ByteArray> users = cache(5);
    private final Cache<ByteArray, ByteArray> tokens = cache(5);

    ByteArray begin(ByteArray user) throws Exception {
      ByteArray token = tokens.get(user, Server::random);
      users.put(token, user);
      return token;
    }

    Optional<ByteArray> user(ByteArray token) {
      return Optional.ofNullable(users.getIfPresent(token));
    }

    boolean isOf(ByteArray user, Optional<ByteArray> token) {
      return token.flatMap(this::user).map(user::equals).orElse(false);
    }
  }

  // Without the demo's limit to a hundred, which forgets sessions while other ceremonies are under way.
  private static <V> Cache<ByteArray, V> cache(int minutes) {
    return CacheBuilder.newBuilder().expireAfterAccess(minutes, TimeUnit.MINUTES).build();
  }

  private static ByteArray random() {
    byte[] bytes = new byte[32];
    RANDOM.nextBytes(bytes);
    return new ByteArray(bytes);
  }

  private static Optional<ByteArray> token(Map<String, String> form) throws Base64UrlException {
    String token = form.get("sessionToken");
    return token == null ? Optional.empty() : Optional.of(ByteArray.fromBase64Url(token));
  }

  private static String given(Map<String, String> form, String name) {
    return Optional.ofNullable(form.get(name)).orElseThrow(() -> new NullPointerException(name));
  }

  // Ours from here on: HTTPS on the loopback, the port announced on stdout, gone when whoever started it is gone. The demo
  // has Jersey for it, whose statuses these are.

  private record Answer(int status, Object body) {
    static Answer ok(Object body) {
      return new Answer(200, body);
    }

    static Answer refused(String... messages) {
      return new Answer(400, Map.of("messages", messages));
    }
  }

  private interface Handler<T> {
    Answer handle(T body) throws Exception;
  }

  private Answer form(HttpExchange exchange, String body, Handler<Map<String, String>> handler) throws Exception {
    String type = Optional.ofNullable(exchange.getRequestHeaders().getFirst("Content-Type")).orElse("");
    if (!type.startsWith("application/x-www-form-urlencoded")) {
      return new Answer(415, null);
    }
    Map<String, String> fields = new HashMap<>();
    for (String field : body.split("&")) {
      String[] pair = field.split("=", 2);
      if (pair.length == 2) {
        fields.put(decode(pair[0]), decode(pair[1]));
      }
    }
    return handler.handle(fields);
  }

  private static String decode(String text) {
    return URLDecoder.decode(text, StandardCharsets.UTF_8);
  }

  private Answer route(HttpExchange exchange) throws Exception {
    String body = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
    return switch (exchange.getRequestMethod() + " " + exchange.getRequestURI().getPath()) {
      case "GET /api/v1/version" -> Answer.ok(Map.of("version", Map.of()));
      case "POST /api/v1/register" -> form(exchange, body, this::startRegistration);
      case "POST /api/v1/register/finish" -> finishRegistration(body);
      case "POST /api/v1/authenticate" -> form(exchange, body, this::startAuthentication);
      case "POST /api/v1/authenticate/finish" -> finishAuthentication(body);
      case "POST /api/v1/action/deregister" -> form(exchange, body, this::deregister);
      case "DELETE /api/v1/delete-account" -> form(exchange, body, this::deleteAccount);
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
      byte[] body = answer.body == null ? new byte[0] : json.writeValueAsBytes(answer.body);
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

  // Whom to trust in attestation, for which the demo has a list of metadata.
  private static AttestationTrustSource roots() throws Exception {
    CertificateFactory factory = CertificateFactory.getInstance("X.509");
    Set<X509Certificate> roots = ConcurrentHashMap.newKeySet();
    try (var files = Files.newDirectoryStream(Path.of(System.getenv("ATTESTATION_ROOTS")))) {
      for (Path file : files) {
        roots.add((X509Certificate) factory.generateCertificate(new ByteArrayInputStream(Files.readAllBytes(file))));
      }
    }
    TrustRootsResult all = TrustRootsResult.builder().trustRoots(roots).enableRevocationChecking(false).build();
    return (chain, aaguid) -> all;
  }
}
