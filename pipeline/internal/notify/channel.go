package notify

// Mail is the channel of mail addresses.
const Mail = "mail"
