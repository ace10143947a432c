// A whole call without a mouse.

import assert from "node:assert/strict";
import { withPage } from "./page.mjs";

await withPage({ viewport: { width: 1000, height: 800 } }, async (page) => {
  const focused = () =>
    page.evaluate(() => {
      const { activeElement: at } = document;
      const label = at?.labels?.[0]?.textContent;
      return label ?? at?.getAttribute("aria-label") ?? at?.textContent ?? "";
    });
  /** Presses Tab until what is focused has this name. */
  const tabTo = async (wanted, key = "Tab") => {
    const seen = [];
    for (let presses = 0; presses < 60; presses += 1) {
      await page.keyboard.press(key);
      const name = await focused();
      if (name.trim() === wanted) {
        const shown = await page.evaluate(() => {
          const style = getComputedStyle(document.activeElement);
          const near = document.activeElement.nextElementSibling;
          return [style, near && getComputedStyle(near)].some((it) => it && it.outlineStyle !== "none");
        });
        assert.ok(shown, `one sees that ${wanted} is focused`);
        return;
      }
      seen.push(name.trim().slice(0, 40));
    }
    assert.fail(`${wanted} is not reached: ${seen.join(" | ")}`);
  };

  await tabTo("Skip to the content");
  await page.keyboard.press("Enter");
  await tabTo("To, a number of the application");
  await page.keyboard.press("Control+A");
  await page.keyboard.type("+15550001111");
  await tabTo("Place the call");
  await page.keyboard.press("Enter");

  // The call is shown, and the focus is at its heading.
  await page.locator("article.call h1 .chip", { hasText: "in-progress" }).waitFor();
  assert.equal(await page.evaluate(() => document.activeElement.tagName), "H1");
  await page.getByText("is listened to: keys or speech, please").waitFor();
  await tabTo("Say");
  await page.keyboard.type("billing");
  await page.keyboard.press("Enter");
  await page.locator("li[data-kind=heard]", { hasText: "You said billing." }).waitFor();
  await page.getByText("is listened to: keys or speech, please").waitFor();
  await tabTo("Keypad");
  await page.keyboard.press("Enter");
  await tabTo("Press 1");
  await page.keyboard.press("9");
  await page.locator("li[data-kind=heard]", { hasText: "You said 9." }).waitFor();
  await tabTo("Hang up", "Shift+Tab");
  await page.keyboard.press("Enter");
  await page.locator("article.call h1 .chip", { hasText: "completed" }).waitFor();
  // The button is gone, and the focus is not lost: it is on the leg.
  await page.waitForFunction(() => document.activeElement?.classList.contains("leg"));

  // A webhook's inside opens by keyboard.
  await page.keyboard.press("Tab");
  await tabTo("POST /voice");
  await page.keyboard.press("Enter");
  await page.getByText("What was signed").first().waitFor();

  // Views are links.
  await page.keyboard.press("Home");
  await tabTo("Set-up", "Shift+Tab");
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Set-up" }).waitFor();
  assert.equal(await focused(), "Set-up");
});
