// @ts-check
/**
 * Telephone numbers as people type and paste them. Pure.
 * @typedef {{ e164: string, country: string | null, shown: string }} Read
 */

/** Calling codes and whose they are: the first where several share one. */
const CODES = new Map(
  `1 US,7 RU,20 EG,27 ZA,30 GR,31 NL,32 BE,33 FR,34 ES,36 HU,39 IT,40 RO,41 CH,43 AT,44 GB,45 DK,46 SE,47 NO,48 PL,49 DE,51 PE,52 MX,53 CU,54 AR,55 BR,56 CL,57 CO,58 VE,60 MY,61 AU,62 ID,63 PH,64 NZ,65 SG,66 TH,81 JP,82 KR,84 VN,86 CN,90 TR,91 IN,92 PK,93 AF,94 LK,95 MM,98 IR,211 SS,212 MA,213 DZ,216 TN,218 LY,220 GM,221 SN,222 MR,223 ML,224 GN,225 CI,226 BF,227 NE,228 TG,229 BJ,230 MU,231 LR,232 SL,233 GH,234 NG,235 TD,236 CF,237 CM,238 CV,239 ST,240 GQ,241 GA,242 CG,243 CD,244 AO,245 GW,246 IO,248 SC,249 SD,250 RW,251 ET,252 SO,253 DJ,254 KE,255 TZ,256 UG,257 BI,258 MZ,260 ZM,261 MG,262 RE,263 ZW,264 NA,265 MW,266 LS,267 BW,268 SZ,269 KM,290 SH,291 ER,297 AW,298 FO,299 GL,350 GI,351 PT,352 LU,353 IE,354 IS,355 AL,356 MT,357 CY,358 FI,359 BG,370 LT,371 LV,372 EE,373 MD,374 AM,375 BY,376 AD,377 MC,380 UA,381 RS,382 ME,383 XK,385 HR,386 SI,387 BA,389 MK,420 CZ,421 SK,423 LI,500 FK,501 BZ,502 GT,503 SV,504 HN,505 NI,506 CR,507 PA,508 PM,509 HT,590 GP,591 BO,592 GY,593 EC,594 GF,595 PY,596 MQ,597 SR,598 UY,599 CW,670 TL,672 NF,673 BN,674 NR,675 PG,676 TO,677 SB,678 VU,679 FJ,680 PW,681 WF,682 CK,683 NU,685 WS,686 KI,687 NC,688 TV,689 PF,690 TK,691 FM,692 MH,850 KP,852 HK,853 MO,855 KH,856 LA,880 BD,886 TW,960 MV,961 LB,962 JO,963 SY,964 IQ,965 KW,966 SA,967 YE,968 OM,970 PS,971 AE,972 IL,973 BH,974 QA,975 BT,976 MN,977 NP,992 TJ,993 TM,994 AZ,995 GE,996 KG,998 UZ`
    .split(",")
    .map((pair) => /** @type {[string, string]} */ (pair.split(" "))),
);

/** Every country one can dial from, with its calling code. @type {ReadonlyMap<string, string>} */
export const COUNTRIES = new Map([...CODES].map(([code, country]) => [country, code]));

/** Countries whose numbers keep a zero in front. */
const KEEPS_ZERO = new Set(["IT"]);
/** Countries with another national prefix than a zero, or none. @type {Record<string, string>} */
const TRUNK = { US: "1", RU: "8", HU: "06", ES: "", PT: "", NO: "", DK: "", PL: "", CZ: "", GR: "", SG: "", HK: "", LU: "", MX: "" };

/** What address books put around numbers, and nobody sees: marks of direction and of width. */
const UNSEEN = /\p{Cf}/gu;

/**
 * Reads a number that is dialled from `home`; null for what is none.
 * @param {string} text @param {string} home two letters @returns {Read | null}
 */
export function read(text, home) {
  const bare = text.normalize("NFKC").replace(UNSEEN, "").trim().replace(/^(tel|callto):(\/\/)?/i, "").replace(/\(0\)/g, "");
  if (!/^[+\d\s().\-\/\u2010-\u2015]+$/.test(bare) || bare.lastIndexOf("+") > 0) return null;
  const digits = bare.replace(/\D/g, "");
  let whole = digits;
  if (!bare.startsWith("+")) {
    const abroad = home === "US" ? /^(011|00)/ : /^00/;
    if (abroad.test(digits)) whole = digits.replace(abroad, "");
    else whole = (COUNTRIES.get(home) ?? "") + national(digits, home);
  }
  if (!/^[1-9]\d{6,14}$/.test(whole)) return null;
  const code = codeOf(whole);
  if (!code || (code === "1" && whole.length !== 11)) return null;
  return { e164: `+${whole}`, country: CODES.get(code) ?? null, shown: format(`+${whole}`) };
}

/** The first number in a text, as it stands there. @param {string} text @param {string} home @returns {string | null} */
export function found(text, home) {
  const parts = text.normalize("NFKC").replace(UNSEEN, "").match(/[+(]?\d[\d\s().\-\/\u2010-\u2015]{4,}\d/g) ?? [];
  return parts.find((part) => read(part, home)) ?? null;
}

/** @param {string} digits @param {string} home */
function national(digits, home) {
  if (KEEPS_ZERO.has(home)) return digits;
  const trunk = TRUNK[home] ?? "0";
  const long = home !== "US" || digits.length === 11;
  return trunk && long && digits.startsWith(trunk) ? digits.slice(trunk.length) : digits;
}

/** @param {string} whole */
const codeOf = (whole) => [3, 2, 1].map((length) => whole.slice(0, length)).find((code) => CODES.has(code));

/** A number in groups, for people; what is none stays as it is. @param {string} text */
export function format(text) {
  if (!/^\+[1-9]\d{6,14}$/.test(text)) return text;
  const code = codeOf(text.slice(1));
  if (!code) return text;
  const rest = text.slice(1 + code.length);
  if (code === "1" && rest.length === 10) return `+1 ${rest.slice(0, 3)} ${rest.slice(3, 6)} ${rest.slice(6)}`;
  const groups = rest.match(/^.{1,4}$|.{3}(?=.{2,})|.+/g) ?? [rest];
  return `+${code} ${groups.join(" ")}`;
}

/** The name of a country. @param {string | null} country @param {string} [language] */
export function countryName(country, language) {
  if (!country) return "";
  return new Intl.DisplayNames(language ?? "en", { type: "region" }).of(country) ?? country;
}
