"""
A real headless Chromium that clicks and types like a person. It knows nothing of the project except its pages.
"""

import tempfile
from pathlib import Path

from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import Select, WebDriverWait

CHROMIUM, DRIVER = Path("/usr/bin/chromium"), Path("/usr/bin/chromedriver")
FLAGS = (
    "--headless",
    # In containers there are no user namespaces and no GPU.
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    # No requests except to the site of the test.
    "--no-proxy-server",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
MISSING = "{} is missing: apt-get install -y $(cat deploy/apt-test.txt), or leave the marker out: -m 'not browser'"


class Chromium:
    """
    One browser with a profile of its own, on one site.

    :param site: the address before every path.
    """

    def __init__(self, site, *, width=1100, height=1400):
        for program in (CHROMIUM, DRIVER):
            assert program.exists(), MISSING.format(program)
        self.site = site
        self._profile = tempfile.TemporaryDirectory(prefix="chromium", ignore_cleanup_errors=True)
        options = webdriver.ChromeOptions()
        options.binary_location = str(CHROMIUM)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
        for flag in (*FLAGS, f"--user-data-dir={self._profile.name}", f"--window-size={width},{height}"):
            options.add_argument(flag)
        self.driver = webdriver.Chrome(options=options, service=Service(str(DRIVER)))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.driver.quit()
        self._profile.cleanup()

    @property
    def text(self):
        return self.driver.find_element(By.TAG_NAME, "body").text

    def resize(self, width, height):
        """
        Show pages on a screen of this size; no window is as narrow as a phone.
        """
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)

    def run_scripts(self, are_run):
        """
        Say whether the scripts of the pages that are opened from now on are run.
        """
        self.driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": not are_run})

    def prefer(self, colours):
        """
        Ask for "light" or "dark" pages.
        """
        feature = {"name": "prefers-color-scheme", "value": colours}
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [feature]})

    def open(self, path):
        self.driver.get(f"{self.site}{path}")

    def find(self, selector):
        """
        Return the first element that matches a CSS selector; wait until it exists.
        """
        return WebDriverWait(self.driver, 15).until(lambda driver: driver.find_element(By.CSS_SELECTOR, selector))

    def find_all(self, selector):
        return self.driver.find_elements(By.CSS_SELECTOR, selector)

    def follow(self, words):
        """
        Click the link with these words.
        """
        self.turn_page(self.driver.find_element(By.LINK_TEXT, words).click)

    def fill_in(self, form, **fields):
        """
        Type into the fields of a form, or choose; files are chosen by their paths, several at once by a list.
        """
        for name, value in fields.items():
            field = self.find(f'{form} [name="{name}"]')
            if field.tag_name == "select":
                Select(field).select_by_value(value)
            elif field.get_attribute("type") == "file":
                field.send_keys("\n".join(value))
            else:
                field.clear()
                field.send_keys(value)

    def type_anything(self, selector, text):
        """
        Type a text with line breaks and emoji, which the driver cannot send as keys;
        `maxlength` applies as for a person.
        """
        self.find(selector).click()
        self.driver.execute_cdp_cmd("Input.insertText", {"text": text})

    def keys(self, keys):
        """
        Press keys on the element that has the focus.
        """
        ActionChains(self.driver).send_keys(keys).perform()

    def send(self, form, **fields):
        """
        Fill in a form, press its button and wait for the next page.
        """
        self.fill_in(form, **fields)
        self.turn_page(self.find(f"{form} button:not([type=button]), {form} [type=submit]").click)

    def turn_page(self, action):
        """
        Call an action that leads to another page, and wait for it; a form that a script
        sends changes the page in place.
        """
        self.replace("body", action)

    def press(self, selector):
        """
        Press a button and wait until its text has changed, in place or on another page.
        """
        self.replace(selector, lambda: self.find(selector).click())

    def replace(self, selector, action):
        """
        Call an action that replaces an element, and wait for the new element or page.
        """
        before = self.find(selector)
        action()
        WebDriverWait(self.driver, 15).until(lambda _: is_gone(before))
        WebDriverWait(self.driver, 15).until(
            lambda driver: driver.execute_script("return document.readyState") == "complete"
        )

    def log_in(self, name, password):
        self.open("/api-auth/login/")
        self.send("form.login-box", username=name, password=password)

    def complaints(self):
        """
        Return the errors in the page's console since the last call: errors of scripts, violations of the CSP.

        Responses with 4xx are left out.
        """
        lines = [line["message"] for line in self.driver.get_log("browser") if line["level"] == "SEVERE"]
        return [line for line in lines if "the server responded with a status of 4" not in line]


def is_gone(element):
    try:
        element.is_enabled()
    except Exception:
        return True
    return False
