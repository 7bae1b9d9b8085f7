package relyingparty;

import static org.springframework.security.config.Customizer.withDefaults;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.dataformat.cbor.CBORFactory;
import com.webauthn4j.WebAuthnManager;
import com.webauthn4j.converter.util.ObjectConverter;
import com.webauthn4j.data.PublicKeyCredentialParameters;
import com.webauthn4j.data.PublicKeyCredentialType;
import com.webauthn4j.data.attestation.statement.COSEAlgorithmIdentifier;
import com.webauthn4j.metadata.converter.jackson.WebAuthnMetadataJSONModule;
import com.webauthn4j.springframework.security.WebAuthnAuthenticationProvider;
import com.webauthn4j.springframework.security.WebAuthnRegistrationRequestValidator;
import com.webauthn4j.springframework.security.WebAuthnSecurityExpression;
import com.webauthn4j.springframework.security.challenge.ChallengeRepository;
import com.webauthn4j.springframework.security.challenge.HttpSessionChallengeRepository;
import com.webauthn4j.springframework.security.config.configurers.WebAuthnLoginConfigurer;
import com.webauthn4j.springframework.security.converter.jackson.WebAuthn4JSpringSecurityJSONModule;
import com.webauthn4j.springframework.security.authenticator.InMemoryWebAuthnAuthenticatorManager;
import com.webauthn4j.springframework.security.authenticator.WebAuthnAuthenticatorImpl;
import com.webauthn4j.springframework.security.authenticator.WebAuthnAuthenticatorManager;
import com.webauthn4j.springframework.security.options.AssertionOptionsProvider;
import com.webauthn4j.springframework.security.options.AssertionOptionsProviderImpl;
import com.webauthn4j.springframework.security.options.AttestationOptionsProvider;
import com.webauthn4j.springframework.security.options.AttestationOptionsProviderImpl;
import com.webauthn4j.springframework.security.options.RpIdProvider;
import com.webauthn4j.springframework.security.options.RpIdProviderImpl;
import com.webauthn4j.springframework.security.server.ServerPropertyProvider;
import com.webauthn4j.springframework.security.server.ServerPropertyProviderImpl;
import javax.servlet.http.HttpServletRequest;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.ByteBuffer;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.SpringBootConfiguration;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.context.annotation.Bean;
import org.springframework.http.ResponseEntity;
import org.springframework.security.authentication.AuthenticationManager;
import org.springframework.security.authentication.ProviderManager;
import org.springframework.security.authentication.dao.DaoAuthenticationProvider;
import org.springframework.security.authorization.AuthorizationDecision;
import org.springframework.security.config.annotation.web.builders.HttpSecurity;
import org.springframework.security.core.userdetails.User;
import org.springframework.security.core.userdetails.UserDetails;
import org.springframework.security.crypto.bcrypt.BCryptPasswordEncoder;
import org.springframework.security.crypto.password.PasswordEncoder;
import org.springframework.security.provisioning.InMemoryUserDetailsManager;
import org.springframework.security.provisioning.UserDetailsManager;
import org.springframework.security.web.SecurityFilterChain;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;

/*
 * WebAuthn4J Spring Security in a Spring Boot application, with the beans of the library's sample `mpa` and its paths, forms
 * and redirects. What is the library's: options, challenges, the verification of both ceremonies, the store in memory and
 * its counters. Ours are the pages, reduced to their forms.
 *
 * Passages stand in other servers, too: each folder is a project of its own, which starts without the others.
 */
@SpringBootConfiguration(proxyBeanMethods = false)
@EnableAutoConfiguration
class Server {
  @Bean
  UserDetailsManager users() {
    return new InMemoryUserDetailsManager();
  }

  // The sample's has a strength that is a good part of a test's time.
  @Bean
  PasswordEncoder passwordEncoder() {
    return new BCryptPasswordEncoder(4);
  }

  @Bean
  WebAuthnAuthenticatorManager authenticators() {
    return new InMemoryWebAuthnAuthenticatorManager();
  }

  @Bean
  ObjectConverter objectConverter() {
    ObjectMapper json = new ObjectMapper();
    json.registerModule(new WebAuthnMetadataJSONModule());
    json.registerModule(new WebAuthn4JSpringSecurityJSONModule());
    return new ObjectConverter(json, new ObjectMapper(new CBORFactory()));
  }

  @Bean
  WebAuthnManager webAuthnManager(ObjectConverter converter) {
    return WebAuthnManager.createNonStrictWebAuthnManager(converter);
  }

  @Bean
  ChallengeRepository challenges() {
    return new HttpSessionChallengeRepository();
  }

  @Bean
  RpIdProvider rpId() {
    return new RpIdProviderImpl();
  }

  @Bean
  AttestationOptionsProvider attestationOptions(
      RpIdProvider rpId, WebAuthnAuthenticatorManager authenticators, ChallengeRepository challenges) {
    return new AttestationOptionsProviderImpl(rpId, authenticators, challenges);
  }

  @Bean
  AssertionOptionsProvider assertionOptions(
      RpIdProvider rpId, WebAuthnAuthenticatorManager authenticators, ChallengeRepository challenges) {
    return new AssertionOptionsProviderImpl(rpId, authenticators, challenges);
  }

  @Bean
  ServerPropertyProvider serverProperties(RpIdProvider rpId, ChallengeRepository challenges) {
    return new ServerPropertyProviderImpl(rpId, challenges);
  }

  @Bean
  WebAuthnRegistrationRequestValidator registrations(WebAuthnManager manager, ServerPropertyProvider properties) {
    return new WebAuthnRegistrationRequestValidator(manager, properties);
  }

  @Bean
  AuthenticationManager authenticationManager(
      WebAuthnAuthenticatorManager authenticators,
      WebAuthnManager manager,
      UserDetailsManager users,
      PasswordEncoder encoder) {
    DaoAuthenticationProvider passwords = new DaoAuthenticationProvider();
    passwords.setUserDetailsService(users);
    passwords.setPasswordEncoder(encoder);
    return new ProviderManager(new WebAuthnAuthenticationProvider(authenticators, manager), passwords);
  }

  @Bean
  SecurityFilterChain filterChain(HttpSecurity http, AuthenticationManager manager) throws Exception {
    http.apply(WebAuthnLoginConfigurer.webAuthnLogin())
        .defaultSuccessUrl("/", true)
        .failureUrl("/login")
        .attestationOptionsEndpoint()
        .rp()
        .name("WebAuthn4J Spring Security Sample")
        .and()
        .pubKeyCredParams(
            new PublicKeyCredentialParameters(PublicKeyCredentialType.PUBLIC_KEY, COSEAlgorithmIdentifier.ES256));
    WebAuthnSecurityExpression passkeys = new WebAuthnSecurityExpression();
    http.authorizeHttpRequests(
        requests ->
            requests
                .requestMatchers(request -> Set.of("/login", "/signup", "/error").contains(request.getServletPath()))
                .permitAll()
                .anyRequest()
                .access((who, request) -> new AuthorizationDecision(passkeys.isWebAuthnAuthenticated(who.get()))));
    http.exceptionHandling(
        handling -> handling.accessDeniedHandler((request, response, error) -> response.sendRedirect("/login")));
    // The sample's pages send a token along; a test of counters is none of theirs.
    http.csrf(csrf -> csrf.disable());
    http.logout(withDefaults());
    http.authenticationManager(manager);
    return http.build();
  }

  @RestController
  static class Pages {
    private final UserDetailsManager users;
    private final PasswordEncoder encoder;
    private final WebAuthnRegistrationRequestValidator registrations;
    private final WebAuthnAuthenticatorManager authenticators;

    Pages(
        UserDetailsManager users,
        PasswordEncoder encoder,
        WebAuthnRegistrationRequestValidator registrations,
        WebAuthnAuthenticatorManager authenticators) {
      this.users = users;
      this.encoder = encoder;
      this.registrations = registrations;
      this.authenticators = authenticators;
    }

    @GetMapping(value = "/", produces = "text/html")
    String dashboard() {
      return "<h2>Login success</h2>"
          + "<form action='/logout' method='post'><button type='submit'>Logout</button></form>";
    }

    @GetMapping(value = "/login", produces = "text/html")
    String login() {
      return form("login", "username", "password", "credentialId", "clientDataJSON", "authenticatorData", "signature",
          "clientExtensions") + "<button id='fast-login'>Passkey Login</button>";
    }

    @GetMapping(value = "/signup", produces = "text/html")
    String signUp() {
      UUID user = UUID.randomUUID();
      byte[] handle =
          ByteBuffer.allocate(16).putLong(user.getMostSignificantBits()).putLong(user.getLeastSignificantBits()).array();
      return form("signup", "username", "password", "authenticator.clientDataJSON", "authenticator.attestationObject",
              "authenticator.clientExtensions")
          .replace("</form>", "<input name='userHandle' value='" + base64url(handle) + "'></form>");
    }

    @PostMapping("/signup")
    ResponseEntity<String> signUp(
        HttpServletRequest request,
        @RequestParam("username") String username,
        @RequestParam("password") String password,
        @RequestParam("authenticator.clientDataJSON") String clientData,
        @RequestParam("authenticator.attestationObject") String attestationObject,
        @RequestParam("authenticator.clientExtensions") String extensions) {
      try {
        var response = registrations.validate(request, clientData, attestationObject, null, extensions);
        var data = response.getAttestationObject().getAuthenticatorData();
        UserDetails user = new User(username, encoder.encode(password), List.of());
        users.createUser(user);
        authenticators.createAuthenticator(
            new WebAuthnAuthenticatorImpl(
                "authenticator",
                (User) user,
                data.getAttestedCredentialData(),
                response.getAttestationObject().getAttestationStatement(),
                data.getSignCount(),
                response.getTransports(),
                response.getRegistrationExtensionsClientOutputs(),
                data.getExtensions()));
      } catch (RuntimeException error) {
        // "Registration failed by unexpected error", and by others.
        return ResponseEntity.ok("<div class='alert alert-danger'>Registration failed</div>");
      }
      return ResponseEntity.status(302).header("Location", "/login").build();
    }

    private static String form(String name, String... fields) {
      StringBuilder form = new StringBuilder("<form id='" + name + "-form' action='/" + name + "' method='post'>");
      for (String field : fields) {
        form.append("<input name='").append(field).append("'>");
      }
      return form.append("</form>").toString();
    }

    private static String base64url(byte[] bytes) {
      return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
    }
  }

  // HTTPS on the loopback, the port announced on stdout, gone when whoever started it is gone.
  public static void main(String[] none) {
    endWithStdin();
    SpringApplication application = new SpringApplication(Server.class);
    application.setDefaultProperties(Map.of(
        "server.address", "127.0.0.1",
        "server.port", System.getenv().getOrDefault("PORT", "0"),
        "server.ssl.certificate", "file:" + System.getenv("TLS_CERT"),
        "server.ssl.certificate-private-key", "file:" + System.getenv("TLS_KEY"),
        // Behind whatever ends TLS nobody knows the whole URL.
        "server.tomcat.use-relative-redirects", "true",
        "spring.main.banner-mode", "off",
        "logging.level.root", "warn"));
    // Stdout is for one line.
    PrintStream stdout = System.out;
    System.setOut(System.err);
    var context = application.run();
    stdout.println("listening " + context.getEnvironment().getProperty("local.server.port"));
  }

  private static void endWithStdin() {
    Thread thread = new Thread(() -> {
      try {
        System.in.transferTo(OutputStream.nullOutputStream());
      } catch (IOException it) {
        // Whoever started it is gone as well.
      }
      Runtime.getRuntime().halt(0);
    });
    thread.setDaemon(true);
    thread.start();
  }
}
