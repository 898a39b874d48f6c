// Drives the public client of Edifice's platform, unmodified, against a server; prints what it found as JSON.
import { pathToFileURL } from "node:url";

const told = JSON.parse(process.argv[2]);
const { odeServices } = await import(pathToFileURL(told.module).href);
const http = odeServices.http().useBaseUrl(told.url);
// A browser follows the redirect with its cookies; Node keeps none, so the form is sent here and its cookies passed on.
const form = new URLSearchParams({ email: told.login, password: told.password, callBack: "" });
const answer = await fetch(`${told.url}/auth/login`, { method: "POST", body: form, redirect: "manual" });
const cookies = answer.headers.getSetCookie().map((each) => each.split(";")[0]);
const xsrf = cookies.find((each) => each.startsWith("XSRF-TOKEN=")).split("=")[1];
Object.assign(http.axios.defaults.headers.common, { Cookie: cookies.join("; "), "X-XSRF-TOKEN": xsrf });
const session = odeServices.session();
const user = await session.getUser();
const saved = await odeServices.workspace().saveFile(new File(["un document"], "cours.txt", { type: "text/plain" }));
const listed = await odeServices.workspace().listDocuments("owner");
await odeServices.workspace().deleteFile(listed.filter((each) => each._id === saved._id));
const wrong = await session.login(told.login, "faux").then(() => "in", (error) => String(error));
console.log(
  JSON.stringify({
    user,
    quota: await session.latestQuotaAndUsage(user),
    saved: listed.some((each) => each._id === saved._id),
    left: (await odeServices.workspace().listDocuments("owner")).some((each) => each._id === saved._id),
    wrong,
  }),
);
