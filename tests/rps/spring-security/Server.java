package relyingparty;

import static org.springframework.security.config.Customizer.withDefaults;

import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.security.Principal;
import java.util.Map;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.SpringBootConfiguration;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.context.annotation.Bean;
import org.springframework.security.config.annotation.web.builders.HttpSecurity;
import org.springframework.security.core.userdetails.User;
import org.springframework.security.crypto.bcrypt.BCryptPasswordEncoder;
import org.springframework.security.crypto.password.PasswordEncoder;
import org.springframework.security.provisioning.InMemoryUserDetailsManager;
import org.springframework.security.provisioning.UserDetailsManager;
import org.springframework.security.web.SecurityFilterChain;
import org.springframework.security.web.webauthn.management.MapPublicKeyCredentialUserEntityRepository;
import org.springframework.security.web.webauthn.management.MapUserCredentialRepository;
import org.springframework.security.web.webauthn.management.PublicKeyCredentialUserEntityRepository;
import org.springframework.security.web.webauthn.management.UserCredentialRepository;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;

/*
 * Spring Security's passkeys, in a Spring Boot application as the reference documentation configures it: all endpoints of
 * ceremonies, the pages for signing in and for registering, and the repositories in memory are its own. It adds no checks
 * of its own. Ours is what the documentation leaves to the application: how somebody signs up, and a page that tells who
 * is signed in.
 *
 * Passages stand in other servers, too: each folder is a project of its own, which starts without the others.
 */
@SpringBootConfiguration(proxyBeanMethods = false)
@EnableAutoConfiguration
class Server {
  // The documentation's, under "Passkeys", with our names. Without its own line for authorization Spring Boot's default is
  // that everything needs a log-in; with it that has to be said.
  @Bean
  SecurityFilterChain filterChain(HttpSecurity http) {
    return http
        .authorizeHttpRequests(requests -> requests
            .requestMatchers("/sign-up").permitAll()
            .anyRequest().authenticated())
        .formLogin(withDefaults())
        .webAuthn(webAuthn -> webAuthn
            .rpName("passrig test")
            .rpId("passrig.test")
            .allowedOrigins("https://login.passrig.test"))
        .build();
  }

  // What the documentation has by default, in memory. Its maps are not made for requests side by side, so one waits for
  // the other.
  @Bean
  UserDetailsManager users() {
    return locked(UserDetailsManager.class, new InMemoryUserDetailsManager());
  }

  @Bean
  UserCredentialRepository credentials() {
    return locked(UserCredentialRepository.class, new MapUserCredentialRepository());
  }

  @Bean
  PublicKeyCredentialUserEntityRepository userEntities() {
    return locked(PublicKeyCredentialUserEntityRepository.class, new MapPublicKeyCredentialUserEntityRepository());
  }

  private static <T> T locked(Class<T> type, T store) {
    InvocationHandler handler = (proxy, method, arguments) -> {
      synchronized (store) {
        try {
          return method.invoke(store, arguments);
        } catch (InvocationTargetException it) {
          throw it.getCause();
        }
      }
    };
    return type.cast(Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] {type}, handler));
  }

  // The default's strength is a good part of a test's time, and no passkey is in it.
  @Bean
  PasswordEncoder passwordEncoder() {
    return new BCryptPasswordEncoder(4);
  }

  @RestController
  static class Accounts {
    private final UserDetailsManager users;
    private final PasswordEncoder encoder;

    Accounts(UserDetailsManager users, PasswordEncoder encoder) {
      this.users = users;
      this.encoder = encoder;
    }

    @PostMapping("/sign-up")
    Map<String, Object> signUp(
        @RequestParam("username") String username, @RequestParam("password") String password) {
      users.createUser(User.withUsername(username).password(encoder.encode(password)).roles("USER").build());
      return Map.of("username", username);
    }

    @GetMapping("/whoami")
    Map<String, Object> whoami(Principal principal) {
      return Map.of("username", principal.getName());
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
