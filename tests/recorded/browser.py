"""Records a visit in Chromium by its own network log, as the developer tools' HAR has it."""

import json
from datetime import UTC, datetime
from pathlib import Path

from selenium import webdriver
from selenium.common.exceptions import WebDriverException
from selenium.webdriver.common.by import By
from selenium.webdriver.support.expected_conditions import staleness_of
from selenium.webdriver.support.wait import WebDriverWait

FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update",
)  # fmt: skip
TYPES = {"XHR": "xhr", "Fetch": "fetch", "Document": "document", "Stylesheet": "stylesheet", "Script": "script",
         "Image": "image", "Font": "font"}  # fmt: skip


class Browser:
    """A browser whose requests are kept."""

    def __init__(self, folder: Path) -> None:
        options = webdriver.ChromeOptions()
        for flag in (*FLAGS, f"--user-data-dir={folder / 'profile'}"):
            options.add_argument(flag)
        options.set_capability("goog:loggingPrefs", {"performance": "ALL"})
        self.driver = webdriver.Chrome(options=options, service=webdriver.ChromeService("/usr/bin/chromedriver"))
        self.driver.execute_cdp_cmd("Network.enable", {"maxPostDataSize": 65536})
        self.entries: list[dict] = []
        self.open: dict[str, dict] = {}

    def go(self, url: str) -> None:
        self.driver.get(url)
        self.keep()

    def fill(self, **fields: str) -> None:
        """Fill a form's fields by their names, and send it."""
        for name, value in fields.items():
            self.driver.find_element(By.NAME, name).send_keys(value)
        button = self.driver.find_element(By.CSS_SELECTOR, "form button[type=submit]")
        button.click()
        WebDriverWait(self.driver, 20).until(staleness_of(button))
        WebDriverWait(self.driver, 20).until(
            lambda driver: driver.execute_script("return document.readyState") == "complete"
        )
        self.keep()

    def keep(self) -> None:
        """Take in what the log says since it was last read."""
        for line in self.driver.get_log("performance"):
            message = json.loads(line["message"])["message"]
            self._take(message["method"], message["params"])

    def _take(self, method: str, given: dict) -> None:
        number = given.get("requestId")
        if method == "Network.requestWillBeSent":
            if "redirectResponse" in given and number in self.open:
                self._close(number, given["redirectResponse"], "")
            self.open[number] = {"request": given["request"], "kind": TYPES.get(given.get("type", ""), "other"),
                                 "at": given["wallTime"]}  # fmt: skip
        elif method == "Network.responseReceived" and number in self.open:
            self.open[number]["response"] = given["response"]
        elif method == "Network.loadingFinished" and "response" in self.open.get(number, {}):
            try:
                body = self.driver.execute_cdp_cmd("Network.getResponseBody", {"requestId": number})
            except WebDriverException:
                body = {"body": "", "base64Encoded": False}
            self._close(number, self.open[number]["response"], body["body"], encoded=body["base64Encoded"])

    def _close(self, number: str, response: dict, body: str, *, encoded: bool = False) -> None:
        made = self.open.pop(number)
        request = made["request"]
        headers = request["headers"]
        posted = (
            {"mimeType": headers.get("Content-Type", ""), "text": request["postData"]} if "postData" in request else {}
        )
        content = {
            "mimeType": response.get("mimeType", ""),
            "text": body,
            **({"encoding": "base64"} if encoded else {}),
        }
        self.entries.append(
            {
                "startedDateTime": datetime.fromtimestamp(made["at"], UTC).isoformat(),
                "_resourceType": made["kind"],
                "request": {"method": request["method"], "url": request["url"], "headers": pairs(headers),
                            "postData": posted},
                "response": {"status": response["status"], "headers": pairs(response["headers"]), "content": content},
            }
        )  # fmt: skip

    def har(self) -> dict:
        self.keep()
        return {"log": {"version": "1.2", "entries": self.entries}}


def pairs(headers: dict) -> list:
    return [{"name": name, "value": value} for name, value in headers.items()]
