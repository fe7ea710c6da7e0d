"""The push: a lane's items on their way out, from the saved plan to what is known of them afterwards."""
