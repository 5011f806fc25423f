# A study over REST in R: base R and the program curl are enough.
#
#   hrv serve --local --store ./own-store        in another terminal
#   Rscript rest_client.R FOLDER-OF-RECORDINGS EVENTS.csv [http://127.0.0.1:8000]
#
# Uploads the recordings and the stressors of one person, and reads windows and recovery as data
# frames.  HRV_KEY, if set, is sent as the key of the service.

asked <- commandArgs(trailingOnly = TRUE)
hrv <- if (length(asked) > 2) asked[3] else "http://127.0.0.1:8000"
key <- Sys.getenv("HRV_KEY")
login <- if (nzchar(key)) c("-H", shQuote(paste("Authorization: Bearer", key))) else character()

post <- function(path, ...) {
  once <- paste0("Idempotency-Key: ", paste(sample(c(letters, 0:9), 32, TRUE), collapse = ""))
  said <- system2("curl", c("-sS", "--fail-with-body", login, "-H", shQuote(once), ...,
                            shQuote(paste0(hrv, path))), stdout = TRUE)
  if (!is.null(attr(said, "status"))) stop(paste(said, collapse = "\n"))
  paste(said, collapse = "\n")
}
id_of <- function(json) sub('.*?"id": ?"([^"]+)".*', "\\1", json)
table <- function(path) {
  said <- system2("curl", c("-sS", "--fail-with-body", login, "-H", shQuote("Accept: text/csv"),
                            shQuote(paste0(hrv, path))), stdout = TRUE)
  if (!is.null(attr(said, "status"))) stop(paste(said, collapse = "\n"))
  read.csv(text = said)
}

body <- '{"title": "From R", "tz": "Europe/Berlin",
          "endpoint": {"primary": "residual_hr", "direction": "lower"}}'
study <- id_of(post("/v1/studies", "-H", shQuote("Content-Type: application/json"),
                    "-d", shQuote(body)))
invisible(post(paste0("/v1/studies/", study, "/subjects"),
               "-H", shQuote("Content-Type: application/json"), "-d", shQuote('{"name": "P01"}')))
recordings <- vapply(head(list.files(asked[1], full.names = TRUE), 3), function(file) {
  id_of(post(paste0("/v1/studies/", study, "/recordings"),
             "-F", shQuote(paste0("file=@", file)), "-F", "subject=P01"))
}, "")
invisible(post(paste0("/v1/studies/", study, "/events/table?subject=P01"),
               "-H", shQuote("Content-Type: text/csv"),
               "--data-binary", shQuote(paste0("@", asked[2]))))

windows <- table(paste0("/v1/recordings/", recordings[1], "/windows?step=10s&metrics=rmssd,sdnn"))
cat(nrow(windows), "windows, median RMSSD", round(median(windows$rmssd, na.rm = TRUE), 1), "ms\n")
recovery <- do.call(rbind, lapply(recordings, function(id) {
  table(paste0("/v1/recordings/", id, "/recovery"))[, c("label", "reactivity_hr", "residual_hr")]
}))
print(recovery, row.names = FALSE)
