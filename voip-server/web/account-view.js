// @ts-check
import { ask } from "./api.js";
import { h } from "./dom.js";

/**
 * Signing up, or logging in; logging in again beside what goes on.
 * @param {"login" | "signup" | "again"} which @param {(user: any) => void} entered @param {string | null} [email]
 */
export function accountView(which, entered, email) {
  const joins = which === "signup";
  const again = which === "again";
  const problem = h("p", { class: "problem", role: "alert" });
  const button = /** @type {HTMLButtonElement} */ (h("button", { class: "primary wide", type: "submit" }, joins ? "Sign up" : "Log in"));
  const field = (/** @type {string} */ name, /** @type {string} */ label, /** @type {Record<string, any>} */ rest) => {
    const input = h("input", { id: name, name, ...rest });
    return h("div", { class: "field" }, h("label", { for: name }, label), input, rest["aria-describedby"] && h("p", { class: "hint", id: rest["aria-describedby"] }, "At least 8 characters."));
  };
  const form = /** @type {HTMLFormElement} */ (
    h(
      "form",
      {
        class: again ? "account" : "card account",
        novalidate: true,
        onsubmit: async (/** @type {Event} */ event) => {
          event.preventDefault();
          problem.textContent = "";
          button.disabled = true;
          const given = Object.fromEntries(new FormData(form));
          try {
            if (joins) await ask("POST", "api/signup", given);
            const { user } = await ask("POST", "api/login", { email: given.email, password: given.password });
            entered(user);
          } catch (error) {
            problem.textContent = error instanceof Error ? error.message : "That did not work. Try again.";
            form.querySelector("input")?.focus();
          } finally {
            button.disabled = false;
          }
        },
      },
      again ? h("h2", { id: "again" }, "Log in again") : h("h1", {}, joins ? "Make an account" : "Welcome back"),
      again && h("p", { class: "quiet" }, "Your login has ended. A call goes on meanwhile."),
      joins && field("name", "Name (optional)", { autocomplete: "name", maxlength: 200 }),
      field("email", "E-mail", { type: "email", autocomplete: "username", required: true, inputmode: "email", value: email }),
      field("password", "Password", { type: "password", autocomplete: joins ? "new-password" : "current-password", required: true, "aria-describedby": joins && "rule" }),
      problem,
      button,
      !again && h("p", { class: "quiet centred" }, joins ? "You have an account? " : "New here? ", h("a", { href: joins ? "login.html" : "signup.html" }, joins ? "Log in" : "Make an account")),
    )
  );
  return again ? form : h("main", { class: "narrow" }, form);
}
