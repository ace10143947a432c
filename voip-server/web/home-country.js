// @ts-check
import { COUNTRIES } from "./phone-number.js";

const KEY = "voip-home-country";

/** The country that numbers without a country code are dialled from: chosen, else the browser's. */
export function homeCountry() {
  const [chosen, browsers] = [localStorage.getItem(KEY), new Intl.Locale(navigator.language).region];
  return [chosen, browsers].find((country) => country && COUNTRIES.has(country)) ?? "US";
}

/** @param {string} country two letters */
export const chooseHome = (country) => localStorage.setItem(KEY, country);
